// Package replay plays tickets on a real Temporal server over a real Postgres, and holds every change of the
// clockwork to the histories that such plays left behind in workflows/testdata/histories.
//
// It has tests only. What a workflow does in virtual time is tested beside it. The histories are rewritten on purpose
// and never to make a test pass, since tickets that are open at a deploy have histories like them:
//
//	go test ./workflows/replay -run TestUpdateHistories -update-histories
package replay
