\echo Use "CREATE EXTENSION postrider" to load this file. \quit
