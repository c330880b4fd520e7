# A project without services to run: scale 0, all disabled, a file with no services.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, scale: 0}
  off: {image: busybox, network_mode: none, init: true, command: sleep 1000, profiles: [x]}
Y
try c up -d; state
try c start; says "no container to start"
sed -i '/  a:/d' compose.yaml
try c up -d; says "no service selected"
try c create; try c ps; try c stop; try c down
echo 'services: {}' > compose.yaml; try c up -d; says "no service"
