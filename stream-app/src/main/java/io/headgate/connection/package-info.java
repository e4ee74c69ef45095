/**
 * Where the brokers and the schema registry are, as every command takes it: options, property
 * files, environment. Knows no command.
 */
package io.headgate.connection;
