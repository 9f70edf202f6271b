# Prints what the failed tests of a log of `go test -v` had to say, those above others without their subtests' words.
/^=== (RUN|NAME|CONT|PAUSE) / { test = $3; next }
/^ *--- FAIL: / { failed[++count] = $3; next }
/^ *--- |^(PASS|FAIL|ok|panic:)/ { if ($1 == "panic:") print; next }
test != "" && lines[test] < 60 { said[test] = said[test] substr($0, 1, 2000) "\n"; lines[test]++ }
END { for (i = 1; i <= count; i++) if (said[failed[i]] != "") printf "%s:\n%s", failed[i], said[failed[i]] }
