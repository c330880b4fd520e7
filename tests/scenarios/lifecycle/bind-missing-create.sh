# A bind source that must exist: nothing is created of the service that lacks it.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: [{type: bind, source: ./nodir, target: /x, bind: {create_host_path: false}}]}
Y
try c up -d; says 'bind source path does not exist'; state
mkdir nodir; try c up -d; rmdir nodir; try c up -d; state
