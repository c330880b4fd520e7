# images: containers of two services, -q, json fields, services without containers, formats, after down.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000}
  b: {image: "alpine:latest", network_mode: none, command: "true", scale: 2}
  never: {image: meta, network_mode: none}
Y
try c images | sed 's/ *$//'
try c images -q
try c images --format json
q up -d a b
c images | head -n 1 | tr -s ' '| sed 's/ *$//'
c images | tail -n +2 | tr -s ' ' | cut -d' ' -f1-3 | sort
c images a | tail -n +2 | tr -s ' ' | cut -d' ' -f1-3 | sort
c images -q | sed -E 's/[0-9a-f]{64}/HEX/' | sort
c images --format json | shape
c images --format json b | python3 -c 'import json, sys
for o in sorted(json.load(sys.stdin), key=lambda o: o["ContainerName"]): print(o["ContainerName"], o["Repository"], o["Tag"], o["Platform"], o["ID"][:7])'
try c images --format yaml; head -n 1 err
try c images --format '{{.ID}}'; head -n 1 err
try c images never | sed 's/ *$//'; 
try c images nosuch a | tail -n +2 | tr -s ' ' | cut -d' ' -f1-3; cat err
