// Package crowd fills a database with many tickets as years of use leave them, in English and Japanese, for tests and
// benchmarks of what many tickets cost.
//
// What the desk does with tickets does not belong here: rows are copied in as they would have become.
package crowd
