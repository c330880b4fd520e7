# top: columns and rows of replicas, several services, users, unknown and stopped ones.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, user: nobody, command: sleep 1001, scale: 2, stop_grace_period: 0s}
  b: {image: busybox, network_mode: none, init: true, command: sh -c "sleep 1002; true"}
Y
q up -d
c top | head -1 | tr -s ' '
c top | awk 'NF && NR > 1 {print $1, $2, ($3 == 65534 ? "nobody" : $3)}' | sort
c top a | awk 'NF && NR > 1 {print $1, $2}'
c top b a | awk 'NF && NR > 1 {print $1, $2}' | sort
c top b | awk 'NF && NR > 1 {for (i = 9; i <= NF; i++) printf "%s ", $i; print ""}' | sort
q stop -t 0 b; try c top b
try c top nosuch
try c top a nosuch | awk 'NF && NR > 1 {print $1, $2}'
