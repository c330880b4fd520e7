# --attach-dependencies shows the output of dependencies of the named service too; --no-attach takes one out.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  base: {<<: *s, command: sh -c 'sleep 1; echo from base; sleep 1'}
  mid: {<<: *s, command: sh -c 'sleep 1; echo from mid; sleep 1', depends_on: [base]}
  front: {<<: *s, command: sh -c 'sleep 1; echo from front; sleep 1', depends_on: [mid]}
  other: {<<: *s, command: sh -c 'sleep 1; echo from other; sleep 1'}
Y
show() { echo "# $*"; into out c up "$@"; plain out err | grep -E '\| |^Attaching' | tr -s ' ' | sort; q down -t 0; }
show front
show --attach-dependencies front
show --attach-dependencies --no-attach base front
show --attach other front
show --attach base front
show --attach base --attach front
show --attach nosuch front
