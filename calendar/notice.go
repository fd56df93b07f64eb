package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"duradesk/calendar/zones"
	"duradesk/ticket"
)

// MailAt is when a notice of an instant is mailed by a person's settings: at once or at the hour of the next digest, and
// where that lies in quiet hours, at their end. ok is false where it is not mailed.
//
// An hour that a change to summer time leaves out is the one after it; one that comes twice counts once.
func MailAt(s ticket.StaffSettings, at time.Time) (due time.Time, ok bool, err error) {
	if s.Mail != ticket.NoticeInstant && s.Mail != ticket.NoticeDigest {
		return time.Time{}, false, nil
	}
	zone, err := zones.Load(s.Zone)
	if err != nil {
		return time.Time{}, false, err
	}
	due = at.In(zone)
	if s.Mail == ticket.NoticeDigest {
		due = nextClock(due, time.Duration(s.DigestHour)*time.Hour)
	}
	if due, err = afterQuiet(s, due); err != nil {
		return time.Time{}, false, err
	}
	return due.UTC(), true, nil
}

// afterQuiet is the end of the quiet hours that an instant lies in, else the instant.
func afterQuiet(s ticket.StaffSettings, at time.Time) (time.Time, error) {
	if s.QuietFrom == "" || s.QuietFrom == s.QuietTo {
		return at, nil
	}
	from, err := ParseClock(s.QuietFrom)
	if err != nil {
		return at, err
	}
	to, err := ParseClock(s.QuietTo)
	if err != nil {
		return at, err
	}
	// The quiet hours that began yesterday or today.
	for _, day := range []int{-1, 0} {
		begin := clockOn(at, day, from)
		end := clockOn(at, day, to)
		if to < from {
			end = clockOn(at, day+1, to)
		}
		if !at.Before(begin) && at.Before(end) {
			return end, nil
		}
	}
	return at, nil
}

// nextClock is the next time, now or later, that the clock on the wall shows a time of day.
func nextClock(at time.Time, clock time.Duration) time.Time {
	for day := range 3 {
		if t := clockOn(at, day, clock); !t.Before(at) {
			return t
		}
	}
	return at
}

func clockOn(at time.Time, days int, clock time.Duration) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day()+days, 0, int(clock/time.Minute), 0, 0, at.Location())
}

// ParseClock reads a time of day, "08:30", as the time since midnight.
func ParseClock(s string) (time.Duration, error) {
	hours, minutes, ok := strings.Cut(s, ":")
	if strings.Trim(s, "0123456789:") != "" {
		ok = false
	}
	h, herr := strconv.Atoi(hours)
	m, merr := strconv.Atoi(minutes)
	if !ok || len(hours) != 2 || len(minutes) != 2 || herr != nil || merr != nil || h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, fmt.Errorf("%q is no time of day; write 08:30", s)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}
