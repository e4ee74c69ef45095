/** The one front door for people: every command of every module, wired by hand. */
package io.headgate.cli;
