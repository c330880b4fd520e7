#!/usr/bin/env bats
# Images: import, archives, pulls from a real registry, and a store that stays whole whatever goes wrong.
# Needs docker-registry (Debian) for the pulls; every test has a store of its own.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2030,SC2031 # instructions hold $names; each test sets its own variables

setup_file() {
    IMAGE=${WHALE_BUILD:-build/release}/whale-image
    IMAGE=$(realpath "$IMAGE")
    LIB=$(realpath "$BATS_TEST_DIRNAME/../lib")
    FILES=$BATS_FILE_TMPDIR
    export IMAGE LIB FILES
    make_rootfs "$FILES"
    start_registry
    start_bad_registry
}

teardown_file() {
    kill "$(cat "$FILES/registry.pid")" "$(cat "$FILES/bad.pid")" 2>/dev/null || true
    rm -rf "$FILES/registry"
}

setup() {
    export WHALE_COMPOSE_ROOT=$BATS_TEST_TMPDIR/root
    export HOME=$BATS_TEST_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return 1
}

# Nothing of a command that has ended may be left: no drafts, no partial downloads but those that a test asked for.
teardown() {
    local left
    left=$(find "$BATS_TEST_TMPDIR" -path '*/images/layers/tmp.*' -prune -print -o -path '*/images/*/.new-*' -print)
    umount "$BATS_TEST_TMPDIR/small" 2>/dev/null || true
    rm -rf "$BATS_TEST_TMPDIR/root"
    [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

make_rootfs() {
    mkdir -p "$1/rootfs/bin" "$1/rootfs/etc" "$1/rootfs/srv/vol" "$1/rootfs/tmp"
    chmod 1777 "$1/rootfs/tmp"
    echo hello >"$1/rootfs/etc/motd"
    ln "$1/rootfs/etc/motd" "$1/rootfs/etc/issue"
    ln -s ../etc/motd "$1/rootfs/bin/link"
    head -c 3000000 /dev/urandom >"$1/rootfs/srv/vol/data"
    chown 1000:1000 "$1/rootfs/srv/vol/data"
    chmod 4750 "$1/rootfs/srv/vol/data"
    touch -d 2001-02-03T04:05:06Z "$1/rootfs/srv/vol/data"
    mknod "$1/rootfs/srv/pipe" p
    tar -C "$1/rootfs" --numeric-owner -cf "$1/rootfs.tar" .
}

start_registry() {
    mkdir -p "$FILES/registry"
    PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export PORT
    cat >"$FILES/registry.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $FILES/registry}}
http: {addr: "127.0.0.1:$PORT"}
END
    docker-registry serve "$FILES/registry.yml" >"$FILES/registry.log" 2>&1 3>&- &
    echo $! >"$FILES/registry.pid"
    await 10 curl -sf "http://127.0.0.1:$PORT/v2/"
    WHALE_COMPOSE_ROOT=$FILES/seed "$IMAGE" import -c 'CMD ["sh"]' "$FILES/rootfs.tar" seed:1 >"$FILES/seed.id"
    WHALE_COMPOSE_ROOT=$FILES/seed "$IMAGE" save -o "$FILES/seed.tar" seed:1
    rm -rf "$FILES/seed"
    "$LIB/push-image" "$FILES/seed.tar" "127.0.0.1:$PORT/team/plain:1"
    "$LIB/push-image" "$FILES/seed.tar" "127.0.0.1:$PORT/team/gzip:1" gzip >"$FILES/gzip.digest"
    "$LIB/push-image" "$FILES/seed.tar" "127.0.0.1:$PORT/team/zstd:1" zstd
    "$LIB/push-image" "$FILES/seed.tar" "127.0.0.1:$PORT/team/index:1" gzip index
}

start_bad_registry() {
    "$LIB/bad-registry" "$FILES/bad.port" 2>"$FILES/bad.log" >/dev/null 3>&- &
    echo $! >"$FILES/bad.pid"
    await 10 test -s "$FILES/bad.port"
    BAD=127.0.0.1:$(cat "$FILES/bad.port")
    export BAD
}

await() {
    local until=$((SECONDS + $1 * 10)) # as in lib.bash
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || { echo "gave up: $*"; return 1; }
        sleep 0.05
    done
}

i() { "$IMAGE" "$@"; }

expect() { [ "$1" = "$2" ] || { printf 'want: %s\ngot:  %s\n' "$1" "$2"; return 1; }; }
contains() { case $1 in *"$2"*) ;; *) printf 'missing: %s\nin:      %s\n' "$2" "$1"; return 1 ;; esac; }
field() { i inspect "$1" | python3 -c 'import json, sys; v = json.load(sys.stdin)[0]
for k in sys.argv[1].split("."): v = v[k]
print(json.dumps(v, sort_keys=True))' "$2"; }
# images: how many are in the store
images() { i ls -aq | grep -c . || true; }
layers() { find "$WHALE_COMPOSE_ROOT/images/layers" -mindepth 1 -maxdepth 1 | wc -l; }

# ---- import

@test "import: config instructions mean what they mean to docker import" {
    i import -c 'ENV A=1 B="two words"' -c 'ENV C $A' -c 'CMD echo hi' -c 'ENTRYPOINT ["/bin/entry"]' -c 'EXPOSE 80 53/udp 7000-7002' \
        -c 'VOLUME /srv/vol' -c 'LABEL x=y "quoted key"=z' -c 'USER app' -c 'WORKDIR /srv' -c 'WORKDIR data' -c 'STOPSIGNAL SIGQUIT' \
        -c 'HEALTHCHECK --interval=5s --retries=2 CMD test -e /x' -c 'ONBUILD RUN x' "$FILES/rootfs.tar" made:1
    expect '["A=1", "B=two words", "C=1"]' "$(field made:1 Config.Env)"
    expect '["/bin/sh", "-c", "echo hi"]' "$(field made:1 Config.Cmd)"
    expect '["/bin/entry"]' "$(field made:1 Config.Entrypoint)"
    expect '{"53/udp": {}, "7000/tcp": {}, "7001/tcp": {}, "7002/tcp": {}, "80/tcp": {}}' "$(field made:1 Config.ExposedPorts)"
    expect '{"quoted key": "z", "x": "y"}' "$(field made:1 Config.Labels)"
    expect '"/srv/data"' "$(field made:1 Config.WorkingDir)"
    expect '{"Interval": 5000000000, "Retries": 2, "Test": ["CMD-SHELL", "test -e /x"]}' "$(field made:1 Config.Healthcheck)"
    expect '"SIGQUIT"' "$(field made:1 Config.StopSignal)"
}

@test "import: the tree has the owners, modes, times and links of the archive" {
    i import "$FILES/rootfs.tar" tree:1
    fs=$(field tree:1 GraphDriver.Data.LowerDir | tr -d '"')
    expect "1000:1000 4750 981173106 3000000" "$(stat -c '%u:%g %a %Y %s' "$fs/srv/vol/data")"
    expect "$(stat -c %i "$fs/etc/motd")" "$(stat -c %i "$fs/etc/issue")"
    expect 1777 "$(stat -c %a "$fs/tmp")"
    expect ../etc/motd "$(readlink "$fs/bin/link")"
    expect fifo "$(stat -c %F "$fs/srv/pipe")"
    diff -r --no-dereference "$FILES/rootfs" "$fs" 2>&1 | grep -v 'is a fifo' | grep . && return 1
    expect 700 "$(stat -c %a "$WHALE_COMPOSE_ROOT/images")"
}

@test "import: gzip, zstd, xz and stdin give the same layer" {
    i import "$FILES/rootfs.tar" a:1
    gzip -c "$FILES/rootfs.tar" | i import - a:2
    zstd -qc "$FILES/rootfs.tar" >r.zst && i import r.zst a:3
    xz -c0 "$FILES/rootfs.tar" >r.xz && i import r.xz a:4
    expect 1 "$(layers)"
    expect 4 "$(i ls | grep -c '^a ')"
}

@test "import: a file that is no archive, a missing file and a bad instruction leave nothing" {
    run i import /etc/hostname x:1
    [ "$status" = 1 ] && contains "$output" "not a tar archive"
    run i import /nonexistent x:1
    [ "$status" = 1 ] && contains "$output" "No such file"
    run i import -c 'RUN x' "$FILES/rootfs.tar" x:1
    [ "$status" = 1 ] && contains "$output" "RUN is not a valid change command"
    run i import "$FILES/rootfs.tar" Bad:1
    [ "$status" = 1 ] && contains "$output" "must be lowercase"
    expect 0 "$(images)"
}

# ---- names

@test "names: tag, short ids, removal, and layers that go with the last image" {
    i import "$FILES/rootfs.tar" one:1
    id=$(i ls -q)
    i tag one:1 localhost:5000/team/two
    i tag "$id" three:x
    expect 3 "$(i ls | tail -n +2 | wc -l)"
    run i rm "$id"
    [ "$status" = 1 ] && contains "$output" "3 names"
    expect "Untagged: one:1" "$(i rm one:1)"
    i rm -f "$id"
    expect 0 "$(images)"
    expect 0 "$(layers)"
    run i rm one:1
    [ "$status" = 1 ] && contains "$output" "No such image: one:1"
}

@test "names: an image that a container uses is not removed" {
    i import "$FILES/rootfs.tar" used:1
    mkdir -p "$WHALE_COMPOSE_ROOT/projects/p/containers/abc"
    printf '{"name":"p-web-1","image_id":"%s"}' "$(field used:1 Id | tr -d '"')" >"$WHALE_COMPOSE_ROOT/projects/p/containers/abc/container.json"
    run i rm used:1
    [ "$status" = 1 ] && contains "$output" "container p-web-1 is using it"
    i rm -f used:1
    expect 1 "$(images)"
    rm -r "$WHALE_COMPOSE_ROOT/projects"
    i prune
    expect 0 "$(images)"
}

@test "names: a layer that is held stays until it is let go" {
    i import "$FILES/rootfs.tar" held:1
    exec 8<"$WHALE_COMPOSE_ROOT/images/layers/0/lock"
    flock -s 8
    i rm held:1
    expect 1 "$(layers)"
    exec 8<&-
    i prune
    expect 0 "$(layers)"
}

# ---- archives

@test "archives: save and load keep ids, several names and shared layers" {
    i import "$FILES/rootfs.tar" a:1
    i tag a:1 b:2
    id=$(field a:1 Id)
    i save -o both.tar a:1 b:2
    i rm a:1 && i rm b:2
    expect "Loaded image: a:1 Loaded image: b:2" "$(i load -i both.tar | tr '\n' ' ' | sed 's/ $//')"
    expect "$id" "$(field b:2 Id)"
    i save a:1 >again.tar
    i save a:1 | cmp - again.tar
}

@test "archives: docker archives and OCI layouts, plain and compressed, from files, folders and pipes" {
    mkdir oci && tar -C oci -xf "$FILES/seed.tar"
    tar -C oci -cf oci.tar --exclude=manifest.json .
    tar -C oci -cf docker.tar manifest.json blobs
    rm oci/manifest.json
    for form in "-i $FILES/seed.tar" "-i oci.tar" "-i docker.tar" "-i oci"; do
        # shellcheck disable=SC2086 # two words
        expect "Loaded image: seed:1" "$(i load $form)"
        expect "\"$(cat "$FILES/seed.id")\"" "$(field seed:1 Id)"
        i rm seed:1
    done
    for tool in "gzip -1" "zstd -q" "xz -0" "bzip2 -1"; do
        expect "Loaded image: seed:1" "$($tool -c docker.tar | i load)"
        i rm seed:1
    done
}

@test "archives: damaged ones are refused and leave nothing" {
    mkdir x && tar -C x -xf "$FILES/seed.tar"
    layer=$(python3 -c 'import json; print(json.load(open("x/manifest.json"))[0]["Layers"][0])')
    cp "x/$layer" good
    printf X | dd of="x/$layer" bs=1 seek=2000000 conv=notrunc status=none
    tar -C x -cf bad.tar manifest.json blobs
    run i load -i bad.tar
    [ "$status" = 1 ] && contains "$output" "but the image config says"
    rm "x/$layer" && tar -C x -cf bad.tar manifest.json blobs
    run i load -i bad.tar
    [ "$status" = 1 ] && contains "$output" "archive has no layer"
    head -c 2000000 "$FILES/seed.tar" >cut.tar
    run i load -i cut.tar
    [ "$status" = 1 ]
    run i load -i /etc/hostname
    [ "$status" = 1 ] && contains "$output" "not a tar archive"
    run i load -i "$FILES/rootfs.tar"
    [ "$status" = 1 ] && contains "$output" "neither a docker archive nor an OCI image"
    expect 0 "$(images)"
    expect 0 "$(layers)"
}

# ---- a store that stays whole

# every image has all its layers, every chain leads to a layer, and nothing is in two states
check_store() {
    python3 - "$WHALE_COMPOSE_ROOT/images" <<'END'
import json, os, pathlib, sys
store = pathlib.Path(sys.argv[1])
for record in (store / "records").glob("*.json"):
    doc = json.loads(record.read_text())
    assert (store / "blobs/sha256" / record.stem).is_file(), record
    for layer in doc["layers"]:
        found = json.loads((store / "layers" / layer["name"] / "layer.json").read_text())
        assert found["chain_id"] == layer["chain_id"], layer
        assert (store / "layers" / layer["name"] / "fs/etc/motd").read_text() == "hello\n"
for ref in (store / "refs").rglob("*"):
    if ref.is_symlink(): assert (store / "records" / (os.readlink(ref) + ".json")).is_file(), ref
END
}

@test "store: kill -9 at any moment leaves whole images or none" {
    for ms in 002 006 010 014 018 022 026 030 035 040 050 060 080; do
        for what in "load -i $FILES/seed.tar" "pull --progress=quiet 127.0.0.1:$PORT/team/gzip:1" "rm -f seed:1"; do
            # shellcheck disable=SC2086 # words
            timeout -s KILL "0.$ms" "$IMAGE" $what >/dev/null 2>&1 || true
            [ ! -d "$WHALE_COMPOSE_ROOT/images/records" ] || check_store || { echo "($what at $ms ms)"; return 1; }
        done
    done
    i load -i "$FILES/seed.tar"
    check_store
    i rm -f "$(field seed:1 Id | tr -d '"')"
    i prune -a
    expect 0 "$(images)"
    expect 0 "$(layers)"
    expect 0 "$(find "$WHALE_COMPOSE_ROOT/images" -path '*chains/*' -o -path '*blobs/sha256/*' -o -path '*refs/*' | wc -l)"
}

@test "store: commands at the same time do not disturb each other" {
    for n in 1 2 3; do
        i load -i "$FILES/seed.tar" &
        i pull --progress=quiet "127.0.0.1:$PORT/team/gzip:1" "127.0.0.1:$PORT/team/zstd:1" "127.0.0.1:$PORT/team/index:1" &
        i import -c "LABEL n=$n" "$FILES/rootfs.tar" "own:$n" &
    done
    wait
    check_store
    expect 1 "$(layers)"
    expect 7 "$(i ls | tail -n +2 | wc -l)"
    i rm -f seed:1 &
    i prune &
    wait
    check_store
}

@test "store: an image of 500 layers keeps their order and fits one overlay mount" {
    python3 - <<'END'
import hashlib, io, json, tarfile
def tar(n):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, text in (("last", str(n)), (f"only-{n}", "")):
            info = tarfile.TarInfo(name); info.size = len(text); t.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()
tars = [tar(n) for n in range(500)]
config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(t).hexdigest() for t in tars]}}).encode()
with tarfile.open("many.tar", "w") as t:
    for name, data in [(f"{n}/layer.tar", d) for n, d in enumerate(tars)] + [("config.json", config),
            ("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["many:1"], "Layers": [f"{n}/layer.tar" for n in range(500)]}]).encode())]:
        info = tarfile.TarInfo(name); info.size = len(data); t.addfile(info, io.BytesIO(data))
END
    i load -i many.tar
    expect 500 "$(layers)"
    lower=$(field many:1 GraphDriver.Data.LowerDir | tr -d '"' | sed "s,$WHALE_COMPOSE_ROOT/images/layers/,,g")
    [ ${#lower} -lt 3600 ]
    cd "$WHALE_COMPOSE_ROOT/images/layers"
    mkdir "$BATS_TEST_TMPDIR/merged"
    mount -t overlay overlay -o "lowerdir=$lower" "$BATS_TEST_TMPDIR/merged"
    seen="$(cat "$BATS_TEST_TMPDIR/merged/last") $(find "$BATS_TEST_TMPDIR/merged" -name 'only-*' | wc -l)"
    umount "$BATS_TEST_TMPDIR/merged"
    expect "499 500" "$seen"
}

@test "store: removed files, opaque folders and implied folders come out right in the overlay" {
    python3 - <<'END'
import hashlib, io, json, tarfile
def tar(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, mode in entries:
            info = tarfile.TarInfo(name.rstrip("/")); info.mode = mode
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.uid = 7 if name.endswith("/") else 0
            t.addfile(info, io.BytesIO(b""))
    return out.getvalue()
tars = [tar(("tmp/", 0o1777), ("a/", 0o750), ("a/gone", 0o644), ("a/kept", 0o644), ("b/", 0o755), ("b/old", 0o644), ("c/", 0o755), ("c/old", 0o644)),
        tar(("tmp/x", 0o644), ("a/.wh.gone", 0o644), ("b/.wh..wh..opq", 0o644), ("b/new", 0o644), (".wh.c", 0o644)),
        tar(("c/", 0o700), ("c/new", 0o644)),
        tar(("tmp/x", 0o644), ("a/.wh.gone", 0o644), ("b/.wh..wh..opq", 0o644), ("b/new", 0o644), (".wh.c", 0o644)),
        tar((".wh..wh..opq", 0o644), ("b/", 0o755), ("b/newest", 0o644))]
def image(name, tars):
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(t).hexdigest() for t in tars]}}).encode()
    return config, [hashlib.sha256(t).hexdigest() for t in tars], name
images = [image("three:1", tars[:3]), image("repeat:1", tars[:4]), image("opaque:1", tars)]
with tarfile.open("layers.tar", "w") as t:
    def add(name, data): info = tarfile.TarInfo(name); info.size = len(data); t.addfile(info, io.BytesIO(data))
    for d in {hashlib.sha256(d).hexdigest(): d for d in tars}.values(): add(hashlib.sha256(d).hexdigest() + ".tar", d)
    for config, _, name in images: add(name + ".json", config)
    add("manifest.json", json.dumps([{"Config": name + ".json", "RepoTags": [name], "Layers": [h + ".tar" for h in hs]} for config, hs, name in images]).encode())
END
    i load -i layers.tar
    mkdir merged
    listing() {
        lower=$(field "$1" GraphDriver.Data.LowerDir | tr -d '"')
        mount -t overlay overlay -o "lowerdir=$lower:$FILES/empty" merged
        (cd merged && find . -mindepth 1 -printf '%P %m %U\n' | sort | tr '\n' ',')
        umount merged
    }
    mkdir -p "$FILES/empty"
    expect "a 750 7,a/kept 644 0,b 755 7,b/new 644 0,c 700 7,c/new 644 0,tmp 1777 7,tmp/x 644 0," "$(listing three:1)"
    # the second layer again, on top of the third: other layers below, so another copy
    expect "a 750 7,a/kept 644 0,b 755 7,b/new 644 0,tmp 1777 7,tmp/x 644 0," "$(listing repeat:1)"
    expect "b 755 7,b/newest 644 0," "$(listing opaque:1)"
    expect 5 "$(layers)"
}

# ---- pulls

@test "pull: plain, gzip and zstd layers and an index give one image with one layer" {
    for name in plain gzip zstd index; do i pull "127.0.0.1:$PORT/team/$name:1"; done
    expect 1 "$(layers)"
    expect "\"$(cat "$FILES/seed.id")\"" "$(field "127.0.0.1:$PORT/team/index:1" Id)"
    contains "$(field "127.0.0.1:$PORT/team/gzip:1" RepoDigests)" "team/gzip@$(cat "$FILES/gzip.digest")"
}

@test "pull: by digest, by name without a tag, and of several images at once" {
    i pull "localhost:$PORT/team/gzip@$(cat "$FILES/gzip.digest")"
    run i pull "127.0.0.1:$PORT/team/gzip"
    [ "$status" = 1 ] && contains "$output" "not found"
    run i pull "127.0.0.1:$PORT/team/plain:1" "127.0.0.1:$PORT/team/missing:1" "127.0.0.1:$PORT/team/zstd:1"
    [ "$status" = 1 ] && contains "$output" "pull 127.0.0.1:$PORT/team/missing:1"
    expect 2 "$(i ls | grep -cE 'team/(plain|zstd)')"
}

@test "pull: progress lines are JSON and tell about every layer" {
    i pull --progress=json "127.0.0.1:$PORT/team/gzip:1" >lines
    python3 - <<'END'
import json
events = [json.loads(line) for line in open("lines")]
assert [e["status"] for e in events if e["event"] == "image"] == ["pulling", "pulled"], events
states = [e["status"] for e in events if e["event"] == "layer"]
assert states[0] == "waiting" and states[-1] == "complete" and "downloading" in states and "extracting" in states, states
assert all(e["ref"].endswith("/team/gzip:1") for e in events)
END
}

@test "pull: policies" {
    ref=127.0.0.1:$PORT/team/gzip:1
    run i pull --policy never "$ref"
    [ "$status" = 1 ] && contains "$output" "No such image"
    contains "$(i pull --policy missing "$ref")" "Pulled"
    contains "$(i pull --policy missing "$ref")" "up to date"
    contains "$(i pull --policy never "$ref")" "up to date"
    contains "$(i pull --policy daily "$ref")" "up to date"
    touch -h -d '2 days ago' "$WHALE_COMPOSE_ROOT/images/refs/127.0.0.1:$PORT/team/gzip/:1"
    contains "$(i pull --policy weekly "$ref")" "up to date"
    contains "$(i pull --policy every_12h "$ref")" "Pulled"
    contains "$(i pull --policy daily "$ref")" "up to date"
    contains "$(i pull --policy always "$ref")" "Pulled"
    run i pull --policy sometimes "$ref"
    [ "$status" = 2 ] && contains "$output" "unknown pull policy"
}

@test "pull: the platform is chosen, and a missing one is named" {
    run i pull --platform linux/arm/v6 "127.0.0.1:$PORT/team/index:1"
    [ "$status" = 1 ] && contains "$output" "no matching manifest for linux/arm/v6"
    contains "$output" "linux/s390x"
    i pull --platform "linux/$(uname -m)" "127.0.0.1:$PORT/team/index:1"
}

@test "pull: registries that misbehave are refused with their reason and leave nothing" {
    export WHALE_COMPOSE_PULL_STALL=1
    while read -r name want; do
        run i pull --progress=quiet "$BAD/$name"
        [ "$status" = 1 ] || { echo "$name: status $status: $output"; return 1; }
        contains "$output" "$want" || { echo "($name)"; return 1; }
        expect 0 "$(images)" || { echo "($name)"; return 1; }
        expect 0 "$(layers)" || { echo "($name)"; return 1; }
    done <<'END'
schema1 schema 1
both-kinds both an image and an index
neither-kind neither an image nor an index
type-differs calls itself
index-as-manifest not of the type
not-json invalid token
json-list not an object
duplicate-keys duplicate
deep-json depth
digest-path not a sha256 digest
digest-upper not a sha256 digest
digest-short not a sha256 digest
digest-huge not a sha256 digest
digest-md5 not a sha256 digest
size-negative does not tell the size
size-small larger than announced
size-petabyte No space left on device
many-layers more than 500
layer-missing not found
fewer-diff-ids its config names 2
other-diff-ids but the image config says
windows cannot be used on this platform
config-list not an object
config-env-number not a plain string
layer-not-tar not a tar archive
layer-cut-gzip truncated
layer-traversal leads out of the layer
layer-bomb expands more than
index-9 more than 4 levels
index-no-platform no matching manifest
index-lies-about-size another size
wrong-bytes sent other bytes
wrong-config sent other bytes
longer larger than announced
range-wrong another range
always-busy status 503
rate-limit rate limit
absent not found
forbidden pull access denied
endless-manifest larger than allowed
many-headers larger than allowed
redirect-loop more than 10 redirects
redirect-file refused
redirect-ftp refused
redirect-data malformed address
redirect-empty malformed address
redirect-userinfo malformed address
redirect-metadata more private network
redirect-down refused
token-rejected pull access denied
token-endless larger than allowed
token-empty no token
token-refused refuses
realm-metadata more private network
realm-userinfo malformed token server
realm-file malformed token server
realm-missing wants credentials
no-challenge wants credentials
basic wants credentials
END
}

@test "pull: faults that pass are got over" {
    export WHALE_COMPOSE_PULL_STALL=1
    for name in plain broken-off range-ignored busy rate-limit-once redirect-blob redirect-relative redirect-other token-needed \
        token-odd realm-elsewhere index-4; do
        i pull --progress=quiet "$BAD/$name" || { echo "($name)"; return 1; }
    done
    expect 3 "$(layers)"
}

@test "pull: a silent registry is given up" {
    export WHALE_COMPOSE_PULL_STALL=1
    run i pull --progress=quiet "$BAD/silent"
    [ "$status" = 1 ] && contains "$output" "too slow or silent"
}

@test "pull: tokens and passwords stay with the registry that they are for" {
    mkdir -p "$HOME/.docker"
    printf '{"auths":{"%s":{"auth":"%s"}}}' "$BAD" "$(printf 'me:hunter2' | base64)" >"$HOME/.docker/config.json"
    : >"$FILES/bad.log"
    i pull --progress=quiet "$BAD/basic"
    i pull --progress=quiet "$BAD/redirect-other"
    i rm -f "$BAD/redirect-other" "$BAD/basic"
    i pull --progress=quiet "$BAD/realm-elsewhere"
    grep -aq "^GET /v2/basic/manifests/latest authorization=Basic bWU6aHVudGVyMg==" "$FILES/bad.log"
    grep -aq "^GET /v2/plain/blobs/.*authorization=- " "$FILES/bad.log"
    expect 0 "$(grep -ac "^GET /v2/plain/blobs/.*authorization=[^-]" "$FILES/bad.log")"
    # two tokens were asked for: by the registry's own host with the password, by the other one without
    expect "Basic -" "$(grep -a '^GET /token' "$FILES/bad.log" | sed 's/.*authorization=\([A-Za-z-]*\).*/\1/' | tr '\n' ' ' | sed 's/ $//')"
}

has_beginning() { find "$WHALE_COMPOSE_ROOT/images/ingest" -type f -size +0 | grep .; }

@test "pull: kill -9 leaves a beginning that the next pull continues" {
    export WHALE_COMPOSE_PULL_STALL=30
    "$IMAGE" pull --progress=quiet "$BAD/slow-loris" &
    pid=$!
    await 10 has_beginning
    kill -9 $pid
    wait $pid || true
    expect 0 "$(images)"
    rm -rf "$WHALE_COMPOSE_ROOT/images/ingest"/*
    # a half that is right: only the rest is asked for
    i pull --progress=quiet "127.0.0.1:$PORT/team/gzip:1"
    blob=$(find "$FILES/registry" -type f -size +1000k -name data | head -n 1)
    hex=$(basename "$(dirname "$blob")")
    head -c 1000000 "$blob" >"$WHALE_COMPOSE_ROOT/half"
    i rm "127.0.0.1:$PORT/team/gzip:1"
    mv "$WHALE_COMPOSE_ROOT/half" "$WHALE_COMPOSE_ROOT/images/ingest/$hex"
    for name in plain gzip zstd; do
        i pull --progress=json "127.0.0.1:$PORT/team/$name:1"
        i rm "127.0.0.1:$PORT/team/$name:1" >/dev/null
    done >lines
    # the first report of the continued layer is behind its first million bytes, and all its bytes are right
    python3 - "$hex" <<'END'
import json, sys
done = [e["current"] for e in map(json.loads, open("lines")) if e.get("layer") == sys.argv[1][:12] and e["status"] in ("downloading", "verifying")]
assert done and min(done) > 1000000, done
END
}

@test "pull: the program has given up its privileges while it reads foreign bytes" {
    "$IMAGE" pull --progress=quiet "$BAD/slow-loris" &
    pid=$!
    await 10 has_beginning
    status=$(cat /proc/$pid/status)
    kill -9 $pid
    wait $pid || true
    contains "$status" "NoNewPrivs:	1"
    contains "$status" "Seccomp:	2"
    # chown, dac_override, fowner, fsetid, mknod, setfcap, and sys_admin for the marks of overlay
    for set in CapPrm CapEff CapBnd; do contains "$status" "$set:	000000008820001b"; done
    i prune
}

@test "pull: a full disk is one clear message and leaves no half image" {
    mkdir small
    mount -t tmpfs -o size=3m tmpfs small
    export WHALE_COMPOSE_ROOT=$PWD/small/root
    run i pull --progress=quiet "127.0.0.1:$PORT/team/gzip:1"
    [ "$status" = 1 ]
    contains "$output" "No space left on device"
    expect 1 "$(printf '%s\n' "$output" | grep -c .)"
    mount -o remount,size=5m small
    run i load -i "$FILES/seed.tar"
    mount -o remount,size=1m small 2>/dev/null || true
    expect 0 "$(find small/root/images/ingest -type f | wc -l)"
    umount small
}

@test "pull: an unpack that runs out of space is cleaned up" {
    mkdir small
    mount -t tmpfs -o size=2m tmpfs small
    export WHALE_COMPOSE_ROOT=$PWD/small/root
    run i import "$FILES/rootfs.tar" full:1
    [ "$status" = 1 ] && contains "$output" "No space left on device"
    expect 0 "$(images)"
    expect 0 "$(layers)"
    umount small
}

@test "pull: TLS is checked, and each fault has its own words" {
    host=198.18.0.9 # loopback registries are not checked
    [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/1/ns/net)" ] || skip "needs the network namespace of make e2e"
    ip addr replace "$host/32" dev lo
    make_certificates "$host"
    while read -r cert ca want; do
        BIND=$host "$LIB/bad-registry" "$PWD/port" "$cert.pem" "$cert.key" 2>/dev/null >/dev/null 3>&- &
        pid=$!
        await 10 test -s port
        mkdir -p "certs/$host:$(cat port)"
        [ "$ca" = - ] || cp "$ca.pem" "certs/$host:$(cat port)/ca.crt"
        WHALE_COMPOSE_CERTS=$PWD/certs run i pull "$host:$(cat port)/plain"
        kill $pid
        wait $pid 2>/dev/null || true
        rm -f port
        contains "$output" "$want" || { echo "($cert)"; return 1; }
    done <<'END'
good ca Pulled
good - unknown authority
expired ca has expired
future ca not valid yet
other ca for another host
self - self-signed
END
    run i pull "$host:1/plain"
    contains "$output" "refused"
}

@test "pull: a short name comes from Docker Hub, with an anonymous token" {
    [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/1/ns/net)" ] || skip "needs the network namespace of make e2e"
    ip addr replace 198.18.0.9/32 dev lo
    openssl req -x509 -newkey rsa:2048 -nodes -keyout hub.key -out hub.pem -days 2 -subj /CN=hub \
        -addext subjectAltName=DNS:registry-1.docker.io,DNS:auth.docker.io 2>/dev/null
    BIND=198.18.0.9 BIND_PORT=443 "$LIB/bad-registry" "$PWD/port" hub.pem hub.key 2>hub.log >/dev/null 3>&- &
    pid=$!
    await 10 test -s port
    mkdir -p certs/docker.io && cp hub.pem certs/docker.io/ca.crt
    echo "198.18.0.9 registry-1.docker.io auth.docker.io" >hosts
    # the names are known in this mount namespace only
    WHALE_COMPOSE_CERTS=$PWD/certs run unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$IMAGE" pull busybox'
    kill $pid
    wait $pid 2>/dev/null || true
    [ "$status" = 0 ] || { echo "$output"; return 1; }
    grep -q 'GET /token?service=registry.docker.io&scope=repository%3Alibrary%2Fbusybox%3Apull authorization=-' hub.log
    grep -q 'GET /v2/library/busybox/manifests/latest authorization=Bearer' hub.log
    expect '["busybox:latest"]' "$(field busybox RepoTags)"
}

make_certificates() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca 2>/dev/null
    make_certificate good "IP:$1" "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '2 days' +%Y%m%d%H%M%SZ)"
    make_certificate expired "IP:$1" 20200101000000Z 20200201000000Z
    make_certificate future "IP:$1" "$(date -u -d '2 days' +%Y%m%d%H%M%SZ)" "$(date -u -d '4 days' +%Y%m%d%H%M%SZ)"
    make_certificate other DNS:other.example "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" "$(date -u -d '2 days' +%Y%m%d%H%M%SZ)"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 2 -subj /CN=x -addext "subjectAltName=IP:$1" 2>/dev/null
}

make_certificate() { # NAME ALTERNATIVE_NAME FROM UNTIL
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj /CN=x 2>/dev/null
    rm -rf ca.db && : >ca.db
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=ca.db\nserial=ca.srl\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n[p]\n[e]\nsubjectAltName=%s\n' "$2" >ca.conf
    echo "$RANDOM$RANDOM" | head -c 6 >ca.srl
    openssl ca -batch -config ca.conf -in "$1.csr" -cert ca.pem -keyfile ca.key -startdate "$3" -enddate "$4" -out "$1.pem" -notext 2>/dev/null
}
