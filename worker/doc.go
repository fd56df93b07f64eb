// Package worker runs the clockwork: it registers workflows and activities, sets how much runs at once, and says
// whether it is able to work.
//
// Neither rules nor SQL belong here, nor the choice of which database or server is used (see cmd/duradesk).
package worker
