#!/bin/sh
# Every test of the dashboard: against a made-up mesh, then against a lab of five sites (as root). BUILD is the folder of the
# programs; screenshots are left in .build/dashboard.
set -eu
here=$(dirname "$0")
build=${BUILD:-.build/debug}
lab=dashboard
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore::ResourceWarning
"$python" "$here/test_pages.py"
"$python" "$here/test_hostile.py"
inventory=$(mktemp --suffix=.yaml)
trap '"$build/warren" lab down "$lab"; rm -f "$inventory"' EXIT
sed "s/^mesh: .*/mesh: $lab/" Inventory/five-sites.yaml >"$inventory"
"$build/warren" lab up "$inventory"
WARREN_LAB=$lab WARREN_LAB_STATE=/run/warren-lab/$lab ip netns exec "wr-$lab.controller" "$python" "$here/test_lab.py"
