#pragma once
int byte_planes_placeholder(void);
