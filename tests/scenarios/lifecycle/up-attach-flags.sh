# --attach and --no-attach of unknown services, --attach-dependencies with named ones, what "Attaching to" says.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, command: sh -c 'sleep 0.3; echo from a', depends_on: [b]}
  b: {image: busybox, network_mode: none, command: sh -c 'sleep 0.3; echo from b'}
  d: {image: busybox, network_mode: none, command: sh -c 'sleep 0.3; echo from d'}
Y
att() { into out c up "$@"; plain out | grep -E '^Attaching|from' | sort; grep cannot err || :; }
att a
att --attach-dependencies a
att --no-attach a a d
att --attach nosuch
att --attach a --attach-dependencies
att --attach d --attach b
