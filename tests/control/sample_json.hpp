#pragma once

#include <string>

namespace herald::control::test {

/// sample(fixed_now()) and sample_routes() as JSON, a line for each member.

inline const std::string leaf1_json = R"({"name":"leaf1",)"
                                      R"("description":"rack 1",)"
                                      R"("interface":null,)"
                                      R"("address":"198.51.100.1",)"
                                      R"("port":179,)"
                                      R"("remote_as":64500,)"
                                      R"("local_as":65010,)"
                                      R"("passive":false,)"
                                      R"("shutdown":false,)"
                                      R"("state":"Established",)"
                                      R"("since":"2025-01-28T07:30:00.250Z",)"
                                      R"("local_address":"198.51.100.2",)"
                                      R"("direction":"dialled",)"
                                      R"("peer_identifier":"192.0.2.1",)"
                                      R"("hold_time":30,)"
                                      R"("keepalive_interval":10,)"
                                      R"("families":["ipv4","ipv6"],)"
                                      R"("next_hops":{"ipv4":"198.51.100.2","ipv6":"2001:db8::2"},)"
                                      R"("advertised":{"ipv4":1,"ipv6":1},)"
                                      R"("acknowledged":true,)"
                                      R"("messages":[{"type":"open","sent":1,"received":1},)"
                                      R"({"type":"update","sent":4,"received":2}],)"
                                      R"("transitions":3,)"
                                      R"("malformed_updates":0,)"
                                      R"("last_error":null,)"
                                      R"("last_failure":null,)"
                                      R"("why_down":null,)"
                                      R"("bfd":{"state":"Up",)"
                                      R"("since":"2025-01-28T07:30:00.250Z",)"
                                      R"("diagnostic":"No Diagnostic",)"
                                      R"("remote_state":"Up",)"
                                      R"("remote_diagnostic":"No Diagnostic",)"
                                      R"("discriminator":7,)"
                                      R"("remote_discriminator":4294967295,)"
                                      R"("multihop":true,)"
                                      R"("tx_interval":0.5,)"
                                      R"("rx_interval":1,)"
                                      R"("detection_time":3,)"
                                      R"("transitions":1,)"
                                      R"("sent":900,)"
                                      R"("received":898,)"
                                      R"("dropped":2,)"
                                      R"("dropped_for":{"hop limit":2}},)"
                                      R"("problems":[]})";

inline const std::string leaf2_json =
    R"({"name":"leaf2",)"
    R"("description":"",)"
    R"("interface":"eth1",)"
    R"("address":"2001:db8:0:1::1",)"
    R"("port":1179,)"
    R"("remote_as":4200000001,)"
    R"("local_as":65010,)"
    R"("passive":true,)"
    R"("shutdown":false,)"
    R"("state":"Idle",)"
    R"("since":"2025-01-31T11:47:55.250Z",)"
    R"("local_address":null,)"
    R"("direction":null,)"
    R"("peer_identifier":null,)"
    R"("hold_time":null,)"
    R"("keepalive_interval":null,)"
    R"("families":[],)"
    R"("next_hops":{},)"
    R"("advertised":{},)"
    R"("acknowledged":true,)"
    R"("messages":[],)"
    R"("transitions":9,)"
    R"("malformed_updates":1,)"
    R"("last_error":{"at":"2025-01-31T11:47:55.250Z",)"
    R"("direction":"received",)"
    R"("code":6,)"
    R"("subcode":2,)"
    R"("text":"Cease / Administrative Shutdown: upgrading"},)"
    R"("last_failure":{"at":"2025-01-31T11:47:55.250Z",)"
    R"("direction":"local",)"
    R"("code":0,)"
    R"("subcode":0,)"
    R"("text":"Connection refused"},)"
    R"("why_down":"Cease / Administrative Shutdown: upgrading; since then: Connection refused",)"
    R"("bfd":null,)"
    R"("problems":["ipv6 is not announced: no IPv6 address on eth0"]})";

inline const std::string resolve_json = R"({"service":"dns",)"
                                        R"("name":"resolve",)"
                                        R"("type":"exec",)"
                                        R"("state":"pass",)"
                                        R"("on_fail":"down",)"
                                        R"("last_result":"pass",)"
                                        R"("could_run":true,)"
                                        R"("timed_out":false,)"
                                        R"("output":"OK",)"
                                        R"("last_run":"2025-01-31T11:59:57.250Z",)"
                                        R"("duration":0.0125,)"
                                        R"("runs":1000,)"
                                        R"("since":"2025-01-31T09:53:00.250Z",)"
                                        R"("recent":"ppp"})";

inline const std::string port_json = R"({"service":"web",)"
                                     R"("name":"port",)"
                                     R"("type":"tcp",)"
                                     R"("state":"fail",)"
                                     R"("on_fail":"degrade",)"
                                     R"("last_result":"fail",)"
                                     R"("could_run":false,)"
                                     R"("timed_out":true,)"
                                     R"("output":"connection refused",)"
                                     R"("last_run":"2025-01-31T11:59:59.250Z",)"
                                     R"("duration":2,)"
                                     R"("runs":7,)"
                                     R"("since":"2025-01-31T11:59:18.250Z",)"
                                     R"("recent":"pftte"})";

inline const std::string page_json = R"({"service":"web",)"
                                     R"("name":"page",)"
                                     R"("type":"exec",)"
                                     R"("state":"unknown",)"
                                     R"("on_fail":"down",)"
                                     R"("last_result":null,)"
                                     R"("could_run":true,)"
                                     R"("timed_out":false,)"
                                     R"("output":"",)"
                                     R"("last_run":null,)"
                                     R"("duration":null,)"
                                     R"("runs":0,)"
                                     R"("since":null,)"
                                     R"("recent":""})";

/// `administration` is what a drain changes.
inline std::string dns_json(const std::string& administration = "active") {
    return R"({"name":"dns",)"
           R"("health":"up",)"
           R"("administration":")" +
           administration +
           R"(",)"
           R"("heard":"normal",)"
           R"("since":"2025-01-31T09:53:00.250Z",)"
           R"("prefixes":["192.0.2.0/24","2001:db8:53::/48"],)"
           R"("neighbors":["leaf1","leaf2"],)"
           R"("announced_to":["leaf1"],)"
           R"("acknowledged":true,)"
           R"("require":"all",)"
           R"("on_down":"withdraw",)"
           R"("drain":null,)"
           R"("drains":[],)"
           R"("hold_down":null,)"
           R"("guard":null,)"
           R"("addresses":[],)"
           R"("missing_addresses":[],)"
           R"("checks":[)" +
           resolve_json +
           R"(],)"
           R"("cause":"",)"
           R"("reason":"checks_passed"})";
}

inline const std::string web_drain_json = R"({"source":"operator",)"
                                          R"("by":"alice",)"
                                          R"("reason":"new disk",)"
                                          R"("since":"2025-01-31T11:59:10.250Z",)"
                                          R"("until":"2025-01-31T12:10:00.250Z",)"
                                          R"("immediate":true})";

inline std::string web_json(const std::string& administration = "draining") {
    return R"({"name":"web",)"
           R"("health":"down",)"
           R"("administration":")" +
           administration +
           R"(",)"
           R"("heard":"none",)"
           R"("since":"2025-01-31T11:59:18.250Z",)"
           R"("prefixes":["198.51.100.128/25"],)"
           R"("neighbors":["leaf1"],)"
           R"("announced_to":[],)"
           R"("acknowledged":false,)"
           R"("require":"1",)"
           R"("on_down":"deprefer",)"
           R"("drain":)" +
           web_drain_json + R"(,"drains":[)" + web_drain_json +
           R"(],)"
           R"("hold_down":{"until":"2025-01-31T12:00:20.250Z",)"
           R"("flaps":2,)"
           R"("decides":false},)"
           R"("guard":null,)"
           R"("addresses":["198.51.100.200","198.51.100.201"],)"
           R"("missing_addresses":["198.51.100.201"],)"
           R"("checks":[)" +
           port_json + "," + page_json +
           R"(],)"
           R"("cause":"check port failed: connection refused",)"
           R"("reason":"check_failed"})";
}

inline const std::string status_json = R"({"version":"0.1.0",)"
                                       R"("local_as":65010,)"
                                       R"("router_id":"192.0.2.10",)"
                                       R"("started":"2025-01-28T07:29:00.250Z","restarted":null,)"
                                       R"("config_file":"/etc/herald/herald.toml",)"
                                       R"("neighbors":[)" +
                                       leaf1_json + "," + leaf2_json +
                                       R"(],)"
                                       R"("services":[)" +
                                       dns_json() + "," + web_json() +
                                       R"(],)"
                                       R"("bfd_strays":{},)"
                                       R"("fleet":null,)"
                                       R"("problems":["neighbor leaf2 is Idle",)"
                                       R"("service web is down"]})";

inline const std::string routes_json = R"({"routes":[{"neighbor":"leaf1",)"
                                       R"("service":"dns",)"
                                       R"("prefix":"192.0.2.0/24",)"
                                       R"("family":"ipv4",)"
                                       R"("next_hop":"198.51.100.2",)"
                                       R"("as_path":[65010,65010],)"
                                       R"("med":50,)"
                                       R"("local_pref":null,)"
                                       R"("communities":["64500:100","no-export"],)"
                                       R"("large_communities":["65010:1:2"],)"
                                       R"("extended_communities":["rt:65010:100"],)"
                                       R"("only_to_customer":65010},)"
                                       R"({"neighbor":"leaf1",)"
                                       R"("service":"dns",)"
                                       R"("prefix":"2001:db8:53::/48",)"
                                       R"("family":"ipv6",)"
                                       R"("next_hop":"2001:db8::2",)"
                                       R"("as_path":[65010],)"
                                       R"("med":null,)"
                                       R"("local_pref":null,)"
                                       R"("communities":[],)"
                                       R"("large_communities":[],)"
                                       R"("extended_communities":[],)"
                                       R"("only_to_customer":null}],"next":null})";

} // namespace herald::control::test
