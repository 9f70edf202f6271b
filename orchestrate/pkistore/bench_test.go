package pkistore

import (
	"fmt"
	"testing"
)

// BenchmarkState looks again at the folder of a cluster, as every observation does.
func BenchmarkState(b *testing.B) {
	for _, servers := range []int{17, 200} {
		b.Run(fmt.Sprintf("%d servers", servers), func(b *testing.B) {
			store := withCA(b)
			for i := range servers {
				issue(b, store, fmt.Sprintf("db%d", i+1), 1)
			}
			for b.Loop() {
				if state := store.State(); len(state.Servers) != servers || state.Servers[0].Versions[0].Why != "" {
					b.Fatalf("got %+v", state)
				}
			}
		})
	}
}
