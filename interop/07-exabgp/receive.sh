#!/bin/sh
# ExaBGP's API process: keeps each JSON line that ExaBGP writes.
exec cat >>"$1"
