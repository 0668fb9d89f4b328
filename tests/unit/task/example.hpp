// The example of docs/task_language.md, "Head office and forty shops".
#pragma once

#include <string_view>

namespace postrider::task {

inline constexpr std::string_view example = R"(
NODE hq ALERT 'dba@hq.example' AFTER 6 HOURS;
MAILBOX main ADDRESS 'sync@hq.example';                      -- servers are found by themselves
GROUP shops;
TASK prices SEND products (sku, name, price) WHERE (NOT discontinued), price_breaks TO shops
  EVERY 1 HOUR CREATE MISSING TABLES;
TASK sales  RECEIVE orders WITHOUT DELETE, order_lines WITHOUT DELETE FROM shops;
TASK stock  SYNC stock WHERE (store = PEER.code) ON CONFLICT NEWEST WINS ADDING (on_hand)
  WITH shops BY DIRECT ELSE MAIL;
PEER branch7 IN shops (code = 'B7') MAIL 'sync@branch7.example',
  DIRECT 'postgresql://branch7.example/shop';

HOSTED NODE erp AT 'odbc:DSN=oracle_erp' USER 'sync' PASSWORD FILE 'erp.password'
  CAPTURE BY TRIGGERS;
HOSTED NODE bi  AT 'odbc:DSN=sqlserver_bi';
TASK clients ON erp SEND crm.clients AS dbo.customer
  (id AS client_id, name, (UPPER(country)) AS country_code) TO bi CREATE MISSING TABLES;
)";

} // namespace postrider::task
