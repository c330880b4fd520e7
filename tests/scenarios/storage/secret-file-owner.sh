# A secret or config of a file keeps the file's owner and mode whatever is asked for; those of other sources have it as asked.
echo s > s; chmod 640 s; chown 1000:50 s; export SV=v
cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    network_mode: none
    init: true
    command: sleep 1000
    secrets: [{source: f, target: one, mode: 0400, uid: "0"}, {source: e, target: two, mode: 0400, uid: "1000"}]
    configs: [{source: f, target: /three, mode: 0400}, {source: c, target: /four, mode: 0440, gid: "50"}]
secrets: {f: {file: ./s}, e: {environment: SV}}
configs: {f: {file: ./s}, c: {content: text}}
Y
try c up -d; says '`uid`, `gid` and `mode`'; says 'are not supported, they will be ignored'
inside a 'stat -c "%n %a %u:%g" /run/secrets/one /run/secrets/two /three /four'
