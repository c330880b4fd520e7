# --dry-run of down --rmi, run -d and cp: what would be done, and nothing is.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: [b]}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
q up -d
norm() { sed -E 's/-[0-9a-f]{12}/-ID/g; s/^ +//; s/ +$//' | sort; }
c --dry-run down --rmi all 2>&1 | norm
c --dry-run run -d a 2>&1 | norm
c --dry-run run --name dry-run-rest-x -d a 2>&1 | norm
try c --dry-run run --rm a true
c --dry-run cp compose.yaml a:/x 2>&1 | norm
state; inside a 'ls /x 2>/dev/null | wc -l'
