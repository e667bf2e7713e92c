#include "CDashboard.h"

/* Adding a file to Web/ takes a line in each of the two lists; a test holds that none is left out. */

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char addresses_page_js[] = {
#embed "Web/addresses-page.js"
};
static const unsigned char api_js[] = {
#embed "Web/api.js"
};
static const unsigned char app_js[] = {
#embed "Web/app.js"
};
static const unsigned char change_view_js[] = {
#embed "Web/change-view.js"
};
static const unsigned char chart_js[] = {
#embed "Web/chart.js"
};
static const unsigned char d3_js[] = {
#embed "Web/d3.js"
};
static const unsigned char difference_js[] = {
#embed "Web/difference.js"
};
static const unsigned char dom_js[] = {
#embed "Web/dom.js"
};
static const unsigned char events_page_js[] = {
#embed "Web/events-page.js"
};
static const unsigned char format_js[] = {
#embed "Web/format.js"
};
static const unsigned char frame_css[] = {
#embed "Web/frame.css"
};
static const unsigned char frame_js[] = {
#embed "Web/frame.js"
};
static const unsigned char gateway_page_js[] = {
#embed "Web/gateway-page.js"
};
static const unsigned char gateways_page_js[] = {
#embed "Web/gateways-page.js"
};
static const unsigned char icon_svg[] = {
#embed "Web/icon.svg"
};
static const unsigned char index_html[] = {
#embed "Web/index.html"
};
static const unsigned char inventory_page_js[] = {
#embed "Web/inventory-page.js"
};
static const unsigned char link_end_js[] = {
#embed "Web/link-end.js"
};
static const unsigned char link_page_js[] = {
#embed "Web/link-page.js"
};
static const unsigned char link_table_js[] = {
#embed "Web/link-table.js"
};
static const unsigned char login_js[] = {
#embed "Web/login.js"
};
static const unsigned char map_page_js[] = {
#embed "Web/map-page.js"
};
static const unsigned char matrix_paint_js[] = {
#embed "Web/matrix-paint.js"
};
static const unsigned char matrix_js[] = {
#embed "Web/matrix.js"
};
static const unsigned char mesh_page_js[] = {
#embed "Web/mesh-page.js"
};
static const unsigned char missing_page_js[] = {
#embed "Web/missing-page.js"
};
static const unsigned char pages_css[] = {
#embed "Web/pages.css"
};
static const unsigned char parts_css[] = {
#embed "Web/parts.css"
};
static const unsigned char parts_js[] = {
#embed "Web/parts.js"
};
static const unsigned char prefixes_js[] = {
#embed "Web/prefixes.js"
};
static const unsigned char rollout_steps_js[] = {
#embed "Web/rollout-steps.js"
};
static const unsigned char rollouts_page_js[] = {
#embed "Web/rollouts-page.js"
};
static const unsigned char router_js[] = {
#embed "Web/router.js"
};
static const unsigned char states_js[] = {
#embed "Web/states.js"
};
static const unsigned char store_js[] = {
#embed "Web/store.js"
};
static const unsigned char stream_js[] = {
#embed "Web/stream.js"
};
static const unsigned char theme_js[] = {
#embed "Web/theme.js"
};
static const unsigned char tokens_css[] = {
#embed "Web/tokens.css"
};

#define FILE(name, bytes) {name, bytes, sizeof bytes}

static const warren_dashboard_file files[] = {
    FILE("addresses-page.js", addresses_page_js),
    FILE("api.js", api_js),
    FILE("app.js", app_js),
    FILE("change-view.js", change_view_js),
    FILE("chart.js", chart_js),
    FILE("d3.js", d3_js),
    FILE("difference.js", difference_js),
    FILE("dom.js", dom_js),
    FILE("events-page.js", events_page_js),
    FILE("format.js", format_js),
    FILE("frame.css", frame_css),
    FILE("frame.js", frame_js),
    FILE("gateway-page.js", gateway_page_js),
    FILE("gateways-page.js", gateways_page_js),
    FILE("icon.svg", icon_svg),
    FILE("index.html", index_html),
    FILE("inventory-page.js", inventory_page_js),
    FILE("link-end.js", link_end_js),
    FILE("link-page.js", link_page_js),
    FILE("link-table.js", link_table_js),
    FILE("login.js", login_js),
    FILE("map-page.js", map_page_js),
    FILE("matrix-paint.js", matrix_paint_js),
    FILE("matrix.js", matrix_js),
    FILE("mesh-page.js", mesh_page_js),
    FILE("missing-page.js", missing_page_js),
    FILE("pages.css", pages_css),
    FILE("parts.css", parts_css),
    FILE("parts.js", parts_js),
    FILE("prefixes.js", prefixes_js),
    FILE("rollout-steps.js", rollout_steps_js),
    FILE("rollouts-page.js", rollouts_page_js),
    FILE("router.js", router_js),
    FILE("states.js", states_js),
    FILE("store.js", store_js),
    FILE("stream.js", stream_js),
    FILE("theme.js", theme_js),
    FILE("tokens.css", tokens_css),
};

warren_dashboard_file warren_dashboard_file_at(size_t position) {
    static const warren_dashboard_file none = {NULL, NULL, 0};
    return position < sizeof files / sizeof files[0] ? files[position] : none;
}
