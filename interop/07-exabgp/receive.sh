#!/bin/sh
# ExaBGP's API process: keeps each JSON line that ExaBGP writes. Its own output stays open: ExaBGP takes the end of
# that for the end of the process.
while IFS= read -r line; do printf '%s\n' "$line" >>"$1"; done
