#!/bin/sh
# tests/e2e/mpi_hosts_test.sh - ranks on two hosts give the row that one process gives
#
# The hosts are two network namespaces with a cable between them (veth) and host names of their
# own. mpirun starts its daemon on the other one through a script in the place of ssh. The
# cable's counters show that messages went over it. Needs root.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

if ! command -v imgcls-eval-mpi >/dev/null 2>&1 || ! command -v mpirun >/dev/null 2>&1; then
    echo "skipped: imgcls-eval-mpi was not built or mpirun is absent"
    exit 77
fi
here=imgcls-$$-here
there=imgcls-$$-there
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" -ne 0 ] || ! ip netns add $here 2>/dev/null; then
    echo "skipped: network namespaces need root and 'ip netns'"
    exit 77
fi
# off HOST: everything that runs there ends at once
off() {
    for process in $(ip netns pids "$1" 2>/dev/null); do
        kill -9 "$process" 2>/dev/null
    done
}
trap 'off $here; off $there; ip netns del $here; ip netns del $there; rm -rf "$top"' EXIT
trap 'exit 99' HUP INT TERM
if ! ip netns add $there || ! ip link add cable0 netns $here type veth peer name cable1 netns $there ||
    ! unshare --uts true 2>/dev/null; then
    echo "skipped: no virtual cable, or no host name of one's own, can be made here"
    exit 77
fi
ip -n $here addr add 10.213.7.1/24 dev cable0
ip -n $there addr add 10.213.7.2/24 dev cable1
for pair in "$here cable0" "$there cable1"; do
    set -- $pair
    ip -n $1 link set lo up
    ip -n $1 link set "$2" up
done

# on HOST COMMAND...: on that host, under its name
cat >on <<'END'
#!/bin/sh
space=$1
shift
exec ip netns exec "$space" unshare --uts sh -c \
    'echo "$1" >/proc/sys/kernel/hostname; shift; exec "$@"' sh "$space" "$@"
END
# what mpirun calls as it would call ssh: agent ADDRESS COMMAND
cat >agent <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
[ "\$1" = 10.213.7.2 ] || { echo "no way to \$1" >&2; exit 255; }
shift
exec "$folder/on" $there sh -c "\$*"
END
chmod +x on agent

# Open MPI keeps memory to the end, which is no leak of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
ranks() { # ranks OPTION...: two on each host
    ./on $here timeout 120 mpirun --allow-run-as-root -n 4 --map-by node \
        --host 10.213.7.1:2,10.213.7.2:2 --mca plm_rsh_agent "$folder/agent" \
        --mca btl tcp,self --mca btl_tcp_if_include 10.213.7.0/24 \
        --mca oob_tcp_if_include 10.213.7.0/24 --mca orte_keep_fqdn_hostnames 1 "$@"
}
crossed() { # bytes that came over the cable to the other host
    ip netns exec $there cat /sys/class/net/cable1/statistics/rx_bytes
}

# both hosts are at work
expect 0 ranks sh -c 'cat /proc/sys/kernel/hostname'
[ "$(sort out | uniq -c | awk '{ printf "%s ", $1 }')" = '2 2 ' ] ||
    complain "ranks are not two on each host: $(sort out | tr '\n' ' ')"

keys="images failed top1_correct nll ece macro_f1 dataset_sha256"
cp -R "$sample/val" set
echo 'no picture' >set/4/broken.png
expect 0 imgcls-eval "$model" --preprocess "$recipe" -d set --json --db one.db --predictions one.csv
want=$(figures out $keys)
before=$(crossed)
expect 0 ranks imgcls-eval-mpi "$model" --preprocess "$recipe" -d set --json --db two.db \
    --predictions two.csv --part 16
[ "$(figures out $keys)" = "$want" ] || complain "two hosts: $(figures out $keys), not $want"
[ "$(value ranks out)" = 4 ] || complain "the row says $(value ranks out) ranks"
cmp -s one.csv two.csv || complain "two hosts: other predictions"
[ $(($(crossed) - before)) -gt 2000 ] || complain "$(($(crossed) - before)) bytes over the cable"
expect 0 imgcls-leaderboard check --db two.db

# a host dies in the middle: the job ends, and what was committed is gone on with
copies set 9
expect 0 imgcls-eval "$model" --preprocess "$recipe" -d set --json --no-record
want=$(figures out $keys)
parts() {
    imgcls-leaderboard query --db dead.db --json 'SELECT count(*) AS n FROM progress_parts' \
        2>/dev/null | sed -n 's/.*"n": *\([0-9]*\).*/\1/p'
}
committed=0
for attempt in 1 2 3 4 5; do
    rm -f dead.db*
    ranks imgcls-eval-mpi "$model" --preprocess "$recipe" -d set --json --db dead.db --part 4 \
        >dead.out 2>dead.err &
    job=$!
    while kill -0 $job 2>/dev/null && [ "${committed:-0}" = 0 ]; do
        sleep 0.02
        committed=$(parts)
    done
    off $there
    wait $job
    status=$?
    committed=$(parts)
    [ "${committed:-0}" = 0 ] || break
done
if [ "${committed:-0}" = 0 ]; then
    complain "no evaluation was caught in the middle"
else
    [ $status -ne 0 ] || complain "the job ends well without a host"
    expect 0 imgcls-leaderboard check --db dead.db
    expect 0 ranks imgcls-eval-mpi "$model" --preprocess "$recipe" -d set --json --db dead.db
    [ "$(figures out $keys)" = "$want" ] || complain "after a death: $(figures out $keys), not $want"
    [ "$(value resumed out)" -ge 1 ] || complain "it was begun anew"
    [ "$(parts)" = 0 ] || complain "progress is left behind"
    expect 0 imgcls-leaderboard check --db dead.db
fi
finish
