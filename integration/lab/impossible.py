"""The cells of the matrix that a router cannot fill, each with the reason."""

from lab.features import AS_TRANS_PATH, LINK_LOCAL, NO_HOLD_TIME

_GOBGP_NO_ROLES = "3.10 has no roles (RFC 9234)"
_EXABGP_NO_ROLES = "4.2 has no roles (RFC 9234)"
_GOBGP_AS4 = "3.10 always offers capability 65"
_OPENBGPD_MD5 = "7.7 sets no key on its listening sockets on Linux: it refuses signed connections"
_EXABGP_TTL = "4.2 with Python 3.11 sends with the TTL and does not check it"
_EXABGP_HOPS = "4.2 does not set the hop limit of IPv6 connections that it accepts"

_OPENBGPD_LINK_LOCAL = "7.7 crashes (signal 11) on the End-of-RIB of a neighbor with a scope"

# By router and feature, as the scenarios name it.
IMPOSSIBLE = {
    ("OpenBGPD", LINK_LOCAL): _OPENBGPD_LINK_LOCAL,
    ("ExaBGP", LINK_LOCAL): "4.2 has no scopes: it cannot bind to a link-local address",
    ("GoBGP", "role: OTC arrives"): _GOBGP_NO_ROLES,
    ("GoBGP", "role mismatch refused"): _GOBGP_NO_ROLES,
    ("ExaBGP", "role: OTC arrives"): _EXABGP_NO_ROLES,
    ("ExaBGP", "role mismatch refused"): _EXABGP_NO_ROLES,
    ("GoBGP", "2-octet AS: no capability 65"): _GOBGP_AS4,
    ("GoBGP", AS_TRANS_PATH): _GOBGP_AS4,
    ("BIRD", AS_TRANS_PATH): "2.0.12 without capability 65 takes no neighbor's AS above 65535,"
                             " and refuses AS_TRANS from one who offers it",
    ("OpenBGPD", "MD5, herald dials, IPv4"): _OPENBGPD_MD5,
    ("OpenBGPD", "MD5, herald dials, IPv6"): _OPENBGPD_MD5,
    ("ExaBGP", "GTSM, IPv6"): _EXABGP_HOPS,
    ("ExaBGP", "GTSM at the router alone: no session"): _EXABGP_TTL,
    ("OpenBGPD", "IPv4 prefix, IPv6 next hop (RFC 8950)"): "7.7 has no RFC 8950",
    ("GoBGP", NO_HOLD_TIME): "3.10 gives a write as long as the hold time, so that its first UPDATE"
                             " fails at once",
    ("GoBGP", "route refresh"): "3.10 answers requests and sends none",
    ("ExaBGP", "graceful restart"): "4.2 passes no routes on",
    ("ExaBGP", "shutdown text to the router"):
        "4.2 fails to decode a NOTIFICATION with a text; the session ends all the same",
    ("ExaBGP", "GRACEFUL_SHUTDOWN acted on"): "4.2 has no policy and prefers no path",
}
