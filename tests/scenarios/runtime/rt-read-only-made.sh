# read_only: hosts and resolv.conf cannot be written; a missing working directory and mount points are made.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, command: sleep 1000, init: true}
services:
  r: {<<: *s, read_only: true, working_dir: /made/here, volumes: ["vv:/other/new"]}
  w: {<<: *s}
volumes: {vv: }
Y
q up -d
for s in r w; do echo "$s: $(inside $s 'pwd; echo x >> /etc/hosts && echo hosts; echo x >> /etc/resolv.conf && echo resolv; touch /other/new/f && echo volume; :' 2>/dev/null | tr '\n' ' ')"; done
