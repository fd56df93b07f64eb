// Package zones is the time zone database as this build carries it, so that two workers never disagree about a
// deadline, whatever zone files their machines have and whatever ZONEINFO says.
//
// Working hours do not belong here, nor anything that asks the machine for a zone.
package zones
