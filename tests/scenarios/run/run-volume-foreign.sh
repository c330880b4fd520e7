# run -v NAME:/x with a name that the files do not define: a volume of no project, which stays; a defined one is the project's.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, volumes: ["named:/n"]}
volumes: {named: }
Y
try c run --rm -v run-volume-foreign-free:/d a sh -c 'ls -A /d; echo kept > /d/f'; steps < err | grep -v Container
try c run --rm -v run-volume-foreign-free:/d:ro a sh -c 'cat /d/f; touch /d/g || echo read-only'
try c run --rm -v named:/m a sh -c 'echo x > /m/f; cat /n/f'
c volumes -q
c down -v 2>&1 | steps
c run --rm -v run-volume-foreign-free:/d a sh -c 'cat /d/f; rm /d/f' 2>err
