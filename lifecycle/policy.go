package lifecycle

import (
	"duradesk/calendar"
	"duradesk/ticket"
)

// Policy is all that the rules go by besides the ticket: the settings of its desk in the version that is pinned to
// it, and the calendar that they name in the version that is pinned.
type Policy struct {
	ticket.Settings
	Calendar calendar.Calendar // counts targets and working days; the zero value is open around the clock
}

// RoundTheClock is a policy whose working time is all time.
func RoundTheClock(s ticket.Settings) Policy { return Policy{Settings: s} }
