# run --pull and --build flags, missing images, quiet flags.
cat > compose.yaml <<'Y'
services:
  app: {image: busybox, network_mode: none}
  far: {image: "127.0.0.1:21599/no/such:1", network_mode: none}
  never: {image: "nosuch-image-here:1", network_mode: none, pull_policy: never}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
try c run --rm --pull never app echo never
try c run --rm --pull missing app echo missing
try c run --rm --quiet-pull --quiet-build app echo quiet
try c run --rm --pull policy app echo policy
try c run --rm --pull nosuch app echo x; says 'invalid --pull option "nosuch"'
try c run --rm far echo x; says 'connection refused'
try c run --rm --pull never far echo x; says 'no such image'
try c run --rm never echo x; says 'no such image'
try c run --rm --build app echo built
state
