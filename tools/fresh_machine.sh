#!/usr/bin/env bash
# Proves that a new Debian 12 machine can run the project: makes one with debootstrap (nothing but git and make in it), clones this
# repository's HEAD into it, and runs `make run` (asks a question) and, with --test, `make test` there; then the same program
# once more in a network namespace with loopback only. Needs root. Usage: fresh_machine.sh FOLDER [--test]
# This machine's client settings for the package registries are handed in as they are.
set -euo pipefail
root=$(realpath -m "$1")
repository=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "fresh_machine: run it as root" >&2; exit 1; }

mirror=$(grep -hoE 'https?://[^ ]*debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security | head -1 | tr -d ' ' || true)
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -1)

seconds() { echo $(( $(date +%s) - $1 )); }
inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${settings[@]}" "$@"; }

if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror" >"$root.debootstrap.log" 2>&1 \
    || { tail -5 "$root.debootstrap.log" >&2; exit 1; }
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp -r /etc/ssl/certs "$root/etc/ssl/" 2>/dev/null || true
cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || true
[ -e /etc/pip.conf ] && cp /etc/pip.conf "$root/etc/"
[ -e "$HOME/.npmrc" ] && cp "$HOME/.npmrc" "$root/root/"
cp /etc/apt/apt.conf.d/*prox* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
sed -i '/^nodedir/d' "$root/root/.npmrc" 2>/dev/null || true
mapfile -t settings < <(env | grep -iE '^(pip_|npm_config|https?_proxy|no_proxy|ssl_cert|node_extra_ca)' | grep -v FIND_LINKS || true)

mounts=(proc sys dev)
for name in "${mounts[@]}"; do mountpoint -q "$root/$name" || mount --rbind "/$name" "$root/$name"; done
trap 'for name in "${mounts[@]}"; do umount -R -l "$root/$name" 2>/dev/null || true; done' EXIT

rm -rf "$root/root/gibsey"
git clone -q "$repository" "$root/root/gibsey"
[ -d "$repository/../shared" ] && { mkdir -p "$root/root/shared"; mountpoint -q "$root/root/shared" || { mount --bind "$repository/../shared" "$root/root/shared"; mounts+=(root/shared); }; }

ask_inside() {  # PREFIX...: starts `make run`'s server and asks it once
  "$@" bash -c '
    cd /root/gibsey
    build/release/gibsey serve --port 0 --data /tmp/fresh-data >/tmp/fresh.out 2>/tmp/fresh.log &
    server=$!
    for _ in $(seq 600); do grep -q "ready at" /tmp/fresh.out && break; sleep 0.1; done
    address=$(grep -o "http://[^ ]*" /tmp/fresh.out)
    curl -sN -X POST "$address/ask" -d "{\"user_id\":\"u1\",\"char_id\":\"arieol\",\"text\":\"Why did you climb the tower?\"}" | grep -E "^data|^event: (quote|done)" | tail -n 12
    kill $server; wait $server'
}

started=$(date +%s)
inside make -C /root/gibsey --no-print-directory build
echo "fresh_machine: set-up and build took $(seconds "$started") s"
ask_inside inside
if [ "${2:-}" = "--test" ]; then
  started=$(date +%s)
  inside make -C /root/gibsey --no-print-directory test
  echo "fresh_machine: make test took $(seconds "$started") s"
fi
echo "fresh_machine: once more with no network but loopback"
unshare -n bash -c "ip link set lo up 2>/dev/null || true; $(declare -f ask_inside inside); root='$root'; settings=(); ask_inside inside"
