module evpnd.example/bench

go 1.20

require github.com/osrg/gobgp/v3 v3.10.0
