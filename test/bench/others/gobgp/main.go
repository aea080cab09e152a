// Decodes the UPDATEs in a file with GoBGP's packet library, again and again for some seconds; prints routes per second.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/osrg/gobgp/v3/pkg/packet/bgp"
)

func routesIn(stream []byte) (int, error) {
	routes := 0
	for at := 0; at < len(stream); {
		length := int(binary.BigEndian.Uint16(stream[at+16:]))
		message, err := bgp.ParseBGPMessage(stream[at : at+length])
		if err != nil {
			return 0, err
		}
		for _, attribute := range message.Body.(*bgp.BGPUpdate).PathAttributes {
			if reach, ok := attribute.(*bgp.PathAttributeMpReachNLRI); ok {
				routes += len(reach.Value)
			}
		}
		at += length
	}
	return routes, nil
}

func main() {
	stream, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		panic(err)
	}
	routes := 0
	began := time.Now()
	for time.Since(began).Seconds() < seconds {
		decoded, err := routesIn(stream)
		if err != nil {
			panic(err)
		}
		routes += decoded
	}
	fmt.Println(int(float64(routes) / time.Since(began).Seconds()))
}
