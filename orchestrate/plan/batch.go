package plan

// Batches groups actions, in their order, that can be sent together and carried out in one wait: the statements about one channel, so that
// its threads stand still for as short a time as the server needs, and a set with the link that makes it the one in use. In a batch
// an action that fails keeps those behind it from being done.
func Batches(actions []Action) [][]Action {
	var all [][]Action
	for _, action := range actions {
		if n := len(all); n > 0 && goTogether(all[n-1][len(all[n-1])-1], action) {
			all[n-1] = append(all[n-1], action)
			continue
		}
		all = append(all, []Action{action})
	}
	return all
}

func goTogether(before, after Action) bool {
	switch after := after.(type) {
	case SwitchSet:
		install, ok := before.(InstallSet)
		return ok && install.Server == after.Server && install.Dir == after.Dir && install.Version == after.Version
	case ChangeTLS:
		stop, ok := before.(StopThreads)
		return ok && stop.Channel == after.Channel
	case StartThreads:
		switch before := before.(type) {
		case StopThreads:
			return before.Channel == after.Channel
		case ChangeTLS:
			return before.Channel == after.Channel
		}
	}
	return false
}
