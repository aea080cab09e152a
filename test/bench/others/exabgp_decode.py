# Decodes the UPDATEs in a file with ExaBGP's library, again and again for some seconds; prints routes per second.
import sys
import time

from exabgp.bgp.message import Update
from exabgp.bgp.message.direction import Direction
from exabgp.bgp.message.open.capability.negotiated import Negotiated
from exabgp.bgp.neighbor import Neighbor
from exabgp.configuration.setup import environment
from exabgp.protocol.family import AFI, SAFI


def negotiated():
    environment.setup('')
    agreed = Negotiated(Neighbor())
    agreed.asn4 = True
    agreed.families = [(AFI.l2vpn, SAFI.evpn)]
    return agreed


def routes_in(stream, agreed):
    routes = 0
    at = 0
    while at < len(stream):
        length = (stream[at + 16] << 8) | stream[at + 17]
        routes += len(Update.unpack_message(stream[at + 19 : at + length], Direction.IN, agreed).nlris)
        at += length
    return routes


with open(sys.argv[1], 'rb') as file:
    octets = file.read()
agreement = negotiated()
total = 0
began = time.time()
while time.time() - began < float(sys.argv[2]):
    total += routes_in(octets, agreement)
print(int(total / (time.time() - began)))
