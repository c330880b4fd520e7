# platform: of the service: an image that is there for another one is none; the own one, in any spelling, is.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000, pull_policy: never}
services:
  own: {<<: *s, platform: linux/amd64}
  any: {<<: *s}
  foreign: {<<: *s, platform: linux/arm64}
  bad: {<<: *s, platform: "linux/s390x/a/b"}
Y
[ "$(uname -m)" = x86_64 ] || sed -i 's,linux/amd64,linux/arm64/v8,; s,platform: linux/arm64},platform: linux/amd64},' compose.yaml
try c up -d own any; cat err | grep -i -E 'warn|platform-[a-z]+-1 Started' | sort
try c up -d foreign
try c up -d bad
try c run --rm foreign true
try c create foreign
state
