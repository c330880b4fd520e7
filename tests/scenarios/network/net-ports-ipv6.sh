# Published ports and IPv6: [::1] explicitly, [::], and the default, which covers both.
cat > compose.yaml <<'Y'
services:
  web: {image: busybox, command: httpd -f -p 80 -h /etc, init: true, ports: ["[::1]:22050:80", "22051:80", "[::]:22052:80", "0.0.0.0:22053:80"]}
Y
try c up -d
listening web 80
for u in "[::1]:22050" 127.0.0.1:22050 "[::1]:22051" 127.0.0.1:22051 "[::1]:22052" 127.0.0.1:22052 "[::1]:22053" 127.0.0.1:22053; do echo "$u $(curl -g -s -m 2 "http://$u/hostname" | wc -l)"; done
c ps --format '{{.Ports}}'
c port web 80
