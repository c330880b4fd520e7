# run -u, -w: names, ids, groups, missing, relative.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
who='echo "$(id -u) $(id -g) [$(id -G)] $(pwd) $HOME"'
for u in app 1000 app:staff 1000:50 :50 0 nobody 4000 4000:4000; do r=0; c run --rm -u "$u" app sh -c "$who" 2>err || r=$?; echo "$u: $r"; done
r=0; c run --rm -u app:nosuch app true 2>err || r=$?; echo "$r"; grep -o 'unable to find group nosuch: no matching entries in group file' err | head -n 1
for d in /tmp /new/dir . relative /etc/passwd; do r=0; c run --rm -w "$d" app pwd 2>err || r=$?; echo "$d: $r"; done
