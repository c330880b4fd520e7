# cp: progress of each container; a stopped container with a read-only root takes files only in its volumes.
cat > compose.yaml <<'Y'
services:
  app: {image: busybox, network_mode: none, init: true, command: sleep 1000, deploy: {replicas: 2}}
  ro: {image: busybox, network_mode: none, init: true, read_only: true, command: sleep 1000, volumes: ["vol:/vol"]}
volumes: {vol: }
Y
q up -d
echo x > f
c cp f app:/tmp/f 2>&1 | sort
c cp --index 2 f app:/tmp/f 2>&1
c cp app:/tmp/f g 2>&1
c --dry-run cp app:/tmp/f dry 2>&1 | sort; ls
c --progress json cp --index 1 f app:/tmp/f 2>&1
c --progress quiet cp f app:/tmp/f 2>&1
q stop -t 0
try c cp f ro:/tmp/x; try c cp f ro:/new
try c cp f ro:/vol/f; try c cp ro:/vol/f back; cat back
