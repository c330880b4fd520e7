#!/usr/bin/env bats
# Volumes, binds, tmpfs, configs and secrets: what lives how long, what an empty volume gets from the image, and hostile images.
# shellcheck shell=bash
# shellcheck disable=SC2016 # scripts for the container's shell hold $names

load lib.bash

# make_image NAME SCRIPT: busybox with what the script makes in its folder (the image's root)
make_image() {
    local root="$BATS_TEST_TMPDIR/rootfs" busybox
    busybox=$(command -v busybox)
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/proc" "$root/sys" "$root/dev"
    cp "$busybox" "$root/bin/busybox"
    for applet in sh sleep cat ls stat touch readlink find wc grep test rm mkdir cmp echo; do ln -s busybox "$root/bin/$applet"; done
    (cd "$root" && eval "$2")
    tar -C "$root" --numeric-owner --xattrs -cf "$BATS_TEST_TMPDIR/rootfs.tar" .
    "$WHALE" image import -c 'ENV PATH=/bin' -c 'CMD ["sh"]' "${@:3}" "$BATS_TEST_TMPDIR/rootfs.tar" "$1:latest" >/dev/null
    rm -rf "$root" "$BATS_TEST_TMPDIR/rootfs.tar"
}

volume_folder() { echo "$WHALE_COMPOSE_ROOT/volumes/$1/_data"; }

# up_with_volume IMAGE: service a runs the image with the new volume vv at /data; sets v to the volume's folder
up_with_volume() {
    cat > compose.yaml <<Y
services:
  a: {image: $1, network_mode: none, command: sleep 1000, stop_signal: KILL, volumes: ["vv:/data"]}
volumes: {vv: }
Y
    c up -d
    v=$(volume_folder "${PROJECT}_vv")
}

@test "a named volume survives down, down -v removes it" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: ["data:/data"]}
volumes: {data: }
Y
    c up -d
    inside a 'echo kept > /data/f'
    c down -t 0
    c up -d
    expect kept "$(inside a 'cat /data/f')"
    c down -v -t 0
    [ ! -e "$WHALE_COMPOSE_ROOT/volumes/${PROJECT}_data" ]
    c up -d
    expect 0 "$(inside a 'ls -A /data | wc -l')"
}

@test "an external volume must exist and stays after down -v" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: ["outer:/data"]}
volumes: {outer: {external: true, name: storage-outer}}
Y
    run c up -d
    [ "$status" -ne 0 ]
    contains "$output" storage-outer
    cat > outer.yaml <<'Y'
name: storage-maker
services:
  m: {image: busybox, network_mode: none, command: "true", volumes: ["outer:/data"]}
volumes: {outer: {name: storage-outer}}
Y
    c -f outer.yaml up -d
    c -f outer.yaml down -t 0
    c up -d
    inside a 'echo kept > /data/f'
    c down -v -t 0
    expect kept "$(cat "$(volume_folder storage-outer)/f")"
    c volume rm storage-outer
}

@test "anonymous volumes go along on recreation, are renewed by -V and leave with down -v" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: [/data]}
Y
    c up -d
    inside a 'echo one > /data/f'
    c up -d --force-recreate -t 0
    expect one "$(inside a 'cat /data/f')"
    c up -d --force-recreate -V -t 0
    expect 0 "$(inside a 'ls -A /data | wc -l')"
    c down -v -t 0
    expect "" "$(find "$WHALE_COMPOSE_ROOT/volumes" -maxdepth 1 -regextype egrep -regex '.*/[0-9a-f]{64}')"
}

@test "read-only volumes and binds refuse writes, also of root; a writable one below is writable" {
    cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    network_mode: none
    init: true
    command: sleep 1000
    volumes: ["vv:/v:ro", "./b:/b:ro", {type: bind, source: ./b, target: /long, read_only: true}, "ww:/b/w"]
volumes: {vv: , ww: }
Y
    mkdir -p b/w
    c up -d
    local dir
    for dir in v b long; do
        run inside a "touch /$dir/f"
        [ "$status" -ne 0 ]
        contains "$output" "Read-only file system"
    done
    inside a 'touch /b/w/f'
}

@test "tmpfs takes size, mode, owner and flags; it is empty after a restart" {
    cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    network_mode: none
    init: true
    command: sleep 1000
    tmpfs: ["/t1:size=1m,mode=700,uid=1000,gid=50", "/t2:ro"]
    volumes: [{type: tmpfs, target: /t3, tmpfs: {size: 2m, mode: 0750}}]
Y
    c up -d
    expect "700 1000:50" "$(inside a 'stat -c "%a %u:%g" /t1')"
    expect "750 0:0" "$(inside a 'stat -c "%a %u:%g" /t3')"
    expect "1024 2048" "$(inside a 'df -k /t1 /t3 | awk "NR > 1 {print \$2}"' | tr '\n' ' ' | sed 's/ $//')"
    run inside a 'dd if=/dev/zero of=/t1/f bs=64k count=32'
    contains "$output" "No space left"
    run inside a 'touch /t2/f'
    contains "$output" "Read-only file system"
    expect 3 "$(inside a 'grep -c " /t[123] tmpfs .*nosuid,nodev" /proc/mounts')"
    c restart -t 0
    expect 0 "$(inside a 'ls -A /t1 | wc -l')"
}

@test "create_host_path: made by default, an error that names the path when it is false" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: ["./made/deep:/m"]}
  b:
    image: busybox
    network_mode: none
    command: sleep 1000
    volumes: [{type: bind, source: ./absent, target: /m, bind: {create_host_path: false}}]
Y
    c up -d a
    [ -d made/deep ]
    run c up -d b
    [ "$status" -ne 0 ]
    contains "$output" absent
    [ ! -e absent ]
}

@test "an empty volume gets the image's tree: owners, modes, times, links, pipes, devices and attributes" {
    make_image tree 'mkdir -p data/sub/deep data/shut && echo one > data/file && ln data/file data/sub/hard && ln -s ../../etc/passwd data/sub/soft &&
        ln -s /nowhere data/dangling && mkfifo -m 640 data/pipe && mknod -m 660 data/node c 1 3 && chown 12:34 data/file data/pipe data/node && chown -h 56:78 data/sub/soft &&
        chmod 4751 data/file && truncate -s 3M data/sub/deep/holes &&
        python3 -c "import os; os.setxattr(\"data/file\", \"user.note\", b\"hello\")" && chown 1000:1000 data && chmod 2770 data && chmod 0 data/shut &&
        touch -h -d 2001-02-03T04:05:06Z data/file data/sub/soft data/pipe data/sub data'
    local v
    up_with_volume tree
    expect "2770 1000:1000 981173106" "$(stat -c '%a %u:%g %Y' "$v")"
    expect "4751 12:34 2 981173106" "$(stat -c '%a %u:%g %h %Y' "$v/file")"
    expect hello "$(python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.note").decode())' "$v/file")"
    expect "$(stat -c %i "$v/file")" "$(stat -c %i "$v/sub/hard")"
    expect "../../etc/passwd" "$(readlink "$v/sub/soft")"
    expect "56:78 981173106" "$(stat -c '%u:%g %Y' "$v/sub/soft")"
    expect /nowhere "$(readlink "$v/dangling")"
    expect "fifo 640 12:34 981173106" "$(stat -c '%F %a %u:%g %Y' "$v/pipe")"
    expect "character special file 660 12:34 1,3" "$(stat -c '%F %a %u:%g %t,%T' "$v/node")"
    expect "981173106" "$(stat -c %Y "$v/sub")"
    expect "0" "$(stat -c %a "$v/shut")"
    expect 3145728 "$(stat -c %s "$v/sub/deep/holes")"
    expect "" "$(find "$(dirname "$v")" -maxdepth 1 -name '*seed*')"
}

@test "owner and mode of an empty folder of the image go onto the volume, not onto one with content, and not again at a restart" {
    make_image bare 'mkdir -p data && chown 1000:50 data && chmod 1730 data'
    local v
    up_with_volume bare
    expect "1730 1000:50" "$(stat -c '%a %u:%g' "$v")"
    chmod 755 "$v"
    c restart -t 0
    expect "755" "$(stat -c '%a' "$v")"
    touch "$v/f"
    c up -d --force-recreate -t 0
    expect "755" "$(stat -c '%a' "$v")"
}

@test "nocopy and binds start without the image's content" {
    cat > compose.yaml <<'Y'
x-s: &s {image: meta, entrypoint: [], network_mode: none, command: sleep 1000, init: true, user: root}
services:
  long: {<<: *s, volumes: [{type: volume, source: n1, target: /srv/vol, volume: {nocopy: true}}]}
  short: {<<: *s, volumes: ["n2:/srv/vol:nocopy"]}
  bind: {<<: *s, volumes: ["./b:/srv/vol"]}
  driver: {<<: *s, volumes: ["n3:/srv/vol:nocopy"]}
  copy: {<<: *s, volumes: ["n4:/srv/vol"]}
  anonymous: {<<: *s}
volumes:
  n1:
  n2:
  n3: {driver_opts: {type: none, o: bind, device: "$PWD/d3"}}
  n4: {driver_opts: {type: none, o: bind, device: "$PWD/d4"}}
Y
    mkdir d3 d4
    c up -d
    local s
    for s in long short bind driver; do expect "0" "$(inside $s 'ls -A /srv/vol | wc -l')"; done
    for s in copy anonymous; do expect "640 1000:1000" "$(inside $s 'stat -c "%a %u:%g" /srv/vol/seed.txt')"; done
    expect "seed.txt" "$(ls -A d4)"
    expect "" "$(find . -maxdepth 1 -name 'd4.*')"
}

@test "a host folder that is a file system of its own is filled through driver_opts too" {
    cat > compose.yaml <<'Y'
services:
  a: {image: meta, entrypoint: [], network_mode: none, command: sleep 1000, init: true, user: root, volumes: ["vv:/srv/vol"]}
volumes: {vv: {driver_opts: {type: none, o: bind, device: "$PWD/disk"}}}
Y
    mkdir disk
    mount -t tmpfs tmpfs disk
    local got
    got=$(c up -d && cat disk/seed.txt) || true
    c down -v -t 0
    umount disk
    expect seed "$got"
}

@test "hostile images: volume paths through symlinks and .. stay inside, symlinks are copied and not followed" {
    local secret="$BATS_TEST_TMPDIR/secret" before v
    mkdir "$secret"
    echo "host secret" > "$secret/file"
    make_image hostile "mkdir real; ln -s /../../../etc out; ln -s ../../../../../../etc real/up; ln -s $secret/file real/file; ln -s ../../../../../../../$secret real/dir" \
        -c 'VOLUME /out' -c 'VOLUME /../../anon'
    cat > compose.yaml <<'Y'
services:
  a: {image: hostile, network_mode: none, command: sleep 1000, stop_signal: KILL, volumes: ["v1:/real", "v2:/out/sub"]}
volumes: {v1: , v2: }
Y
    before=$(find /etc -maxdepth 1 | sort)
    run c up -d
    expect "$before" "$(find /etc -maxdepth 1 | sort)"
    expect 0 "$status" || { echo "$output"; return 1; }
    [ ! -e /anon ]
    v=$(volume_folder "${PROJECT}_v1")
    expect ../../../../../../etc "$(readlink "$v/up")"
    expect "$secret/file" "$(readlink "$v/file")"
    [ -L "$v/dir" ]
    expect "" "$(grep -rl 'host secret' "$WHALE_COMPOSE_ROOT/volumes")"
    expect "" "$(find "$WHALE_COMPOSE_ROOT/volumes" -name shadow)"
}

@test "a volume below a symlink to /proc/1/root is refused" {
    make_image magic 'ln -s /proc/1/root/etc magic'
    cat > compose.yaml <<'Y'
services:
  a: {image: magic, network_mode: none, command: sleep 1000, volumes: ["vv:/magic/sub"]}
volumes: {vv: }
Y
    run c up -d
    [ "$status" -ne 0 ]
    contains "$output" "symbolic links"
    [ ! -e /etc/sub ]
}

@test "a volume on a symlink of the image that leads out lands on the image's own folder" {
    make_image leads 'ln -s /../../../etc/target out && mkdir etc/target && echo inner > etc/target/inner'
    cat > compose.yaml <<'Y'
services:
  a: {image: leads, network_mode: none, command: sleep 1000, stop_signal: KILL, volumes: ["vv:/out"]}
volumes: {vv: }
Y
    c up -d
    expect inner "$(inside a 'cat /etc/target/inner')"
    expect inner "$(cat "$(volume_folder "${PROJECT}_vv")/inner")"
    [ ! -e /etc/target ]
}

@test "configs and secrets: file, environment and content with owner and mode; read-only" {
    export STORAGE_TOKEN='t0ken "x"'
    cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    network_mode: none
    init: true
    command: sleep 1000
    configs:
      - plain
      - {source: inline, target: /etc/app/app.conf, uid: "1000", gid: "50", mode: 0440}
      - {source: fromenv, target: /fromenv}
    secrets:
      - filed
      - {source: filed, target: own, uid: "1000", gid: "50", mode: 0400}
      - {source: envd, target: /etc/key, uid: "1000", gid: "1000", mode: 0400}
      - {source: envd, target: other}
configs:
  plain: {file: ./plain.txt}
  inline: {content: "token=${STORAGE_TOKEN} $$HOME"}
  fromenv: {environment: STORAGE_TOKEN}
secrets:
  filed: {file: ./secret.txt}
  envd: {environment: STORAGE_TOKEN}
Y
    echo "a file" > plain.txt
    echo hidden > secret.txt
    chmod 644 secret.txt
    c up -d
    expect "a file" "$(inside a 'cat /plain')"
    expect 'token=t0ken "x" $HOME' "$(inside a 'cat /etc/app/app.conf')"
    expect "440 1000:50" "$(inside a 'stat -c "%a %u:%g" /etc/app/app.conf')"
    expect 't0ken "x"' "$(inside a 'cat /fromenv')"
    expect hidden "$(inside a 'cat /run/secrets/filed')"
    # Beyond docker compose, which warns and binds the file as it is.
    expect hidden "$(inside a 'cat /run/secrets/own')"
    expect "400 1000:50" "$(inside a 'stat -c "%a %u:%g" /run/secrets/own')"
    expect "644 0:0" "$(stat -c '%a %u:%g' secret.txt)"
    expect 't0ken "x"' "$(inside a 'cat /run/secrets/other')"
    expect "400 1000:1000" "$(inside a 'stat -c "%a %u:%g" /etc/key')"
    run inside a 'echo x > /run/secrets/filed'
    [ "$status" -ne 0 ]
    expect hidden "$(cat secret.txt)"
    expect "0" "$(inside a 'env' | grep -c t0ken || true)"
}

@test "ten containers that start at once on one empty volume fill it once, and all see all of it" {
    make_image many 'mkdir data; i=0; while [ $i -lt 400 ]; do echo $i > data/f$i; i=$((i+1)); done; head -c 8000000 /dev/urandom > data/big'
    cat > compose.yaml <<'Y'
services:
  a: {image: many, network_mode: none, command: 'sh -c "ls -A /data | wc -l; exec sleep 1000"', stop_signal: KILL, scale: 10, volumes: ["vv:/data"]}
volumes: {vv: }
Y
    c up -d
    await 10 sh -c "[ \$(\"$WHALE\" logs --no-log-prefix a | wc -l) = 10 ]"
    expect 401 "$(c logs --no-log-prefix a | sort -u)"
    expect 401 "$(find "$(volume_folder "${PROJECT}_vv")" -mindepth 1 | wc -l)"
    expect "" "$(find "$WHALE_COMPOSE_ROOT/volumes/${PROJECT}_vv" -maxdepth 1 -name '*seed*')"
}

# killed_up WHAT FOLDER: an up whose filling of the volume is cut short by kill -9 of the loop or of every process of
# ours; prints how many entries the unfinished copy had.
killed_up() {
    local up half
    "$WHALE" up -d >/dev/null 2>&1 &
    up=$!
    await 10 sh -c "ls -A '$2/_data.seeding' | grep -q ."
    half=$(find "$2/_data.seeding" -mindepth 1 2>/dev/null | wc -l)
    if [ "$1" = loop ]; then
        kill -9 "$(loop_pid)"
    else
        # Stopped first: else one notices the end of the other and makes up for it before its own turn comes.
        # shellcheck disable=SC2046 # a list of pids
        set -- $(supervisor_pids "$PROJECT") $up
        kill -STOP "$@"
        kill -9 "$@"
    fi
    wait $up || true
    echo "$half"
}

@test "kill -9 of the loop, or of everything, while a large volume is filled: the next up makes it whole" {
    make_image large 'mkdir data; i=0; while [ $i -lt 3000 ]; do echo $i > data/f$i; i=$((i+1)); done; head -c 60000000 /dev/zero > data/big'
    cat > compose.yaml <<'Y'
services:
  a: {image: large, network_mode: none, command: sleep 1000, stop_signal: KILL, volumes: ["vv:/data"]}
volumes: {vv: }
Y
    local what half seen=0 dir="$WHALE_COMPOSE_ROOT/volumes/${PROJECT}_vv"
    for what in loop all loop all; do
        half=$(killed_up $what "$dir")
        if [ "$half" -gt 0 ] && [ "$half" -lt 3001 ]; then seen=$((seen + 1)); fi
        c up -d
        expect 3001 "$(find "$dir/_data" -mindepth 1 | wc -l)"
        expect 60000000 "$(stat -c %s "$dir/_data/big")"
        expect 2999 "$(inside a 'cat /data/f2999')"
        expect "" "$(find "$dir" -maxdepth 1 -name '*seed*')"
        c down -v -t 0
    done
    [ "$seen" -ge 2 ]
}

@test "layers of a running container and of the images it mounts outlive image rm -f, also after a crash of the loop" {
    make_image heldroot 'echo root > etc/what'
    make_image heldside 'mkdir data; echo side > data/what'
    cat > compose.yaml <<'Y'
services:
  a: {image: heldroot, network_mode: none, command: sleep 1000, stop_signal: KILL, volumes: [{type: image, source: heldside, target: /side}]}
Y
    c up -d
    run c image rm heldroot
    [ "$status" -ne 0 ]
    contains "$output" "$PROJECT-a-1"
    local loop
    loop=$(loop_pid)
    kill -9 "$loop"
    await 5 sh -c "\"$WHALE\" ps --format '{{.State}}' | grep -q running"
    await 5 inside a 'cat /etc/what'
    c image rm -f heldroot heldside
    c image prune -a -f >/dev/null
    expect root "$(inside a 'cat /etc/what')"
    expect side "$(inside a 'cat /side/data/what')"
    c down -t 0
    c image prune >/dev/null
}
