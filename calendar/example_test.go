package calendar_test

import (
	"encoding/json"
	"fmt"
	"time"

	"duradesk/calendar"
)

// A desk in Berlin over the change to summer time: two hours from Friday evening end on Monday.
func ExampleCalendar_Explain() {
	var s calendar.Spec
	err := json.Unmarshal([]byte(`{"key":"berlin","version":1,"zone":"Europe/Berlin",
		"week":[[],["09:00-17:00"],["09:00-17:00"],["09:00-17:00"],["09:00-17:00"],["09:00-17:00"],[]]}`), &s)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := calendar.New(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range c.Explain(time.Date(2026, 3, 27, 15, 30, 0, 0, time.UTC), 2*time.Hour) {
		fmt.Println(line)
	}
	// Output:
	// Fri 2026-03-27 16:30:00 +01:00 to Fri 2026-03-27 17:00:00 +01:00: counted 30m0s
	// Fri 2026-03-27 17:00:00 +01:00 to Sat 2026-03-28 00:00:00 +01:00: closed hours
	// Sat 2026-03-28 00:00:00 +01:00 to Sun 2026-03-29 03:00:00 +02:00: weekend
	// Sun 2026-03-29 03:00:00 +02:00: clocks go forward by 1h0m0s
	// Sun 2026-03-29 03:00:00 +02:00 to Mon 2026-03-30 00:00:00 +02:00: weekend
	// Mon 2026-03-30 00:00:00 +02:00 to Mon 2026-03-30 09:00:00 +02:00: closed hours
	// Mon 2026-03-30 09:00:00 +02:00 to Mon 2026-03-30 10:30:00 +02:00: counted 1h30m0s
}
