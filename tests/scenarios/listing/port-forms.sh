# port: forms of the argument, protocols, replicas without an index, ports of ranges, of one-offs.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, scale: 2, ports: ["127.0.0.1:20710-20711:80", "80", "127.0.0.1::53/udp"]}
  b: {image: busybox, init: true, command: sleep 1000, ports: [{target: 90, published: "20713", host_ip: 127.0.0.1, protocol: tcp, mode: host}]}
Y
q up -d
try c port b 90
try c port b 90/tcp
try c port b 90/udp
try c port --protocol TCP b 90; try c port --protocol UDP b 90
says "no port 90/udp"
try c port --protocol nosuch b 90
try c port a 53; c port --protocol udp a 53 | sed -E 's/:[0-9]+$/:P/'
c port --protocol udp --index 2 a 53 | sed -E 's/:[0-9]+$/:P/'
try c port b 0
try c port b 65536
try c port b -1
try c port b
try c port --index 0 b 90
q stop -t 0 b; try c port b 90
