// Package replay plays tickets on a real Temporal server over a real Postgres, and holds every change of the
// clockwork to the histories that such plays left behind.
//
// It has tests only. What a workflow does in virtual time is tested beside it.
package replay
