# One end of a link by warren-tunneld, set up by the embedded data plane's driver as an agent uses it; sourced by link.
#
# $programs has the built tunnel-control and warren-tunneld; $work/plan-<site>.json is the gateway's plan.

control() { local side=$1 verb=$2; shift 2; in_gateway "$side" "$programs/tunnel-control" "$verb" "$work/$side/control" "$@"; }

# warren_up SIDE PLAN SECRET [QUEUES]: tunneld, tunnel, routes, policies and peer; it initiates when the plan says so.
warren_up() {
    local side=$1 plan=$2 secret=$3 queues=${4:-1}
    mkdir -p "$work/$side"
    chmod 700 "$work/$side"
    (umask 077; echo "$secret" >"$work/$side/secret")
    printf '#!/bin/sh\nexec "%s" "$@" --queues %s\n' "$programs/warren-tunneld" "$queues" >"$work/$side/warren-tunneld"
    chmod 755 "$work/$side/warren-tunneld"
    control "$side" up "$plan" "$work/$side/secret" "$work/$side/warren-tunneld" >"$work/$side/up.out" 2>&1
}

# Ends the daemon without a word to its peer.
warren_crash() { kill -KILL "$(sed -n 's/.*msg=started.* pid=\([0-9]*\).*/\1/p' "$work/$1/tunneld.log" | tail -n 1)"; }

warren_observe() { control "$1" observe; }
warren_rekey_child() { control "$1" rekey child; }
warren_rekey_ike() { control "$1" rekey ike; }
warren_down() { control "$1" down; }
