# A one-off that could not start is no orphan that is warned of; one that has ended is.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none}}
Y
try c run --name run-orphans-created-x a /no/such
q run --rm a true; says 'Found orphan'
try c run --name run-orphans-created-y a true
q run --rm a true; says 'Found orphan containers (run-orphans-created-y)' || plain err
c down --remove-orphans -t 0 >o 2>&1
