import { LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

// Half a megabyte that only a page with charts needs: the build makes a file of its own of it, loaded when it is used.

use([LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

/** A drawing as SVG, without a browser. Sizes in pixels. Its text is escaped as XML by the library. */
export function draw(option: EChartsCoreOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString({ useViewBox: true });
  } finally {
    chart.dispose();
  }
}
