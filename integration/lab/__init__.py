"""A BGP lab on one machine: namespaces, real FRR routers, heraldd, and a service to watch.

Needs root. Everything that a lab starts or creates, it also removes, whatever happens in between.
"""
