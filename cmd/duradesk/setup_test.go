package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
)

func TestBusinessHoursOfTheFirstDesk(t *testing.T) {
	t.Parallel()
	spec, err := businessHours("Asia/Tokyo", "09:00-12:00, 13:00-18:00")
	require.NoError(t, err)
	c, err := calendar.New(spec)
	require.NoError(t, err)
	tokyo := c.Zone()
	// The last working day of the year at noon: eight hours later it is the second day after the holidays.
	require.Equal(t, time.Date(2027, 1, 4, 12, 0, 0, 0, tokyo), c.Add(time.Date(2026, 12, 28, 12, 0, 0, 0, tokyo), 8*time.Hour))
	require.Equal(t, time.Date(2027, 5, 6, 9, 30, 0, 0, tokyo), c.Add(time.Date(2027, 4, 30, 17, 59, 0, 0, tokyo), 31*time.Minute), "the holidays of May")

	spec, err = businessHours("Europe/Berlin", "08:00-16:00")
	require.NoError(t, err)
	require.Empty(t, spec.Holidays)
	always, err := businessHours("Nowhere/Never", "always")
	require.NoError(t, err)
	require.Equal(t, calendar.Spec{}, always)
	for zone, hours := range map[string]string{"Nowhere/Never": "09:00-18:00", "UTC": "nine to five", "Asia/Tokyo": "10:00-12:00,11:00-13:00"} {
		_, err := businessHours(zone, hours)
		require.Error(t, err, "%s %s", zone, hours)
	}
}
