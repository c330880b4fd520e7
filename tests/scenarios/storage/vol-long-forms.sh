# storage: subpath, nocopy, bind create_host_path, tmpfs size and mode, read_only, labels, driver_opts, long forms.
cat > compose.yaml <<'Y'
x-s: &s {image: meta, network_mode: none, init: true, user: root, command: [sleep, "1000"]}
services:
  a: {<<: *s, volumes: [{type: volume, source: v, target: /srv/vol}, {type: volume, source: n, target: /home/app, volume: {nocopy: true}}]}
  b: {<<: *s, volumes: [{type: bind, source: ./made, target: /m, bind: {create_host_path: true}}, {type: bind, source: ./d, target: /d, read_only: true}]}
  m: {<<: *s, volumes: [{type: bind, source: ./nope, target: /m, bind: {create_host_path: false}}]}
  t: {<<: *s, volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1048576, mode: 0750}}, {type: tmpfs, target: /t2, tmpfs: {size: 2m}}], tmpfs: "/t3:size=64k,mode=1770,noexec"}
  an: {<<: *s, volumes: [{type: volume, target: /anon}, "/srv/vol", {type: volume, source: v, target: /ro, read_only: true}]}
volumes: {v: {labels: {a: b}}, n: , tm: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=1m"}}}
Y
mkdir d; echo x > d/x
try c up -d a b t an
inside a 'ls -l /srv/vol | grep -c seed; ls -A /home/app | wc -l; echo new > /srv/vol/new'
inside b 'echo y > /m/y; cat /d/x; touch /d/z 2>/dev/null || echo read-only'; cat made/y
try c up -d m; [ -e nope ] || echo not made
inside t 'stat -c "%a" /t /t2 /t3; df -k /t /t2 /t3 | awk "NR > 1 {print \$2}"; grep " /t3 " /proc/mounts | grep -c noexec'
inside an 'cat /ro/new; touch /ro/x 2>/dev/null || echo ro; ls /srv/vol; ls -A /anon | wc -l'
c volumes -q | sed -E 's/^[0-9a-f]{64}$/HEX/' | sort
q down; c volumes -q | sort; q down -v; c volumes -q
